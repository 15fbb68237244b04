// The instruction sets for which the SIMD sources are compiled. Include before any Highway header.
//
// One SSE level is enough below AVX2: each target costs compile time.
#pragma once

#define HWY_DISABLED_TARGETS HWY_SSSE3
