// The style and the scripts of the pages, and the letters of pictures, compiled in from report.css,
// the .js files and label_font.txt beside it.
#pragma once

#include <string_view>

namespace heed::page_assets {

std::string_view report_css();
std::string_view report_js();  // shared helpers, theme, navigation; goes first
std::string_view curve_math_js();
std::string_view curves_js();              // the charts; goes after curve_math_js
std::string_view attention_maps_js();      // the attention maps: the first of
std::string_view attention_heat_map_js();  // four
std::string_view attention_lines_js();
std::string_view attention_js();
std::string_view heads_css();       // what heads are worth; goes after report_css
std::string_view comparison_css();  // comparisons; goes after report_css
std::string_view comparison_js();   // their charts; goes after curve_math_js
std::string_view label_font_txt();

}  // namespace heed::page_assets
