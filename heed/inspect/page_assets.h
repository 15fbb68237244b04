// The style and the scripts of the pages, compiled in from report.css and the .js files beside it.
#pragma once

#include <string_view>

namespace heed::page_assets {

std::string_view report_css();
std::string_view report_js();  // shared helpers, theme, navigation; goes first
std::string_view curve_math_js();
std::string_view curves_js();     // the charts; goes after curve_math_js
std::string_view attention_js();  // the attention maps

}  // namespace heed::page_assets
