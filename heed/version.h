// The version of heed; CMakeLists.txt reads it from here. The first two numbers change when
// something public does.
#pragma once

#define HEED_VERSION_MAJOR 0
#define HEED_VERSION_MINOR 1
#define HEED_VERSION_PATCH 0
#define HEED_VERSION "0.1.0"
