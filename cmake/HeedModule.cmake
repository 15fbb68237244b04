# One static library per folder of heed/, with the unit tests that stand beside its sources.
#
#   heed_module(base DEPENDS fmt::fmt)
#
# makes the target heed_base (alias heed::base) from every .cc of the folder except *_test.cc,
# and the test program heed_base_test from the *_test.cc files. The presets compile several sources of
# a target as one (CMAKE_UNITY_BUILD), in less than half the time: names in anonymous namespaces are
# those of the whole folder. A folder's DEPENDS name only
# floors below it: tests/check_includes.cmake holds the includes to the same order.

# PATHS names the folders when they are not the one called like the module.
function(heed_module name)
  cmake_parse_arguments(ARG "" "" "PATHS;DEPENDS;PRIVATE_DEPENDS;TEST_DEPENDS" ${ARGN})
  if(NOT ARG_PATHS)
    set(ARG_PATHS ${name})
  endif()
  set(sources)
  foreach(path ${ARG_PATHS})
    file(GLOB found CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/heed/${path}/*.cc)
    list(APPEND sources ${found})
  endforeach()
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$")
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  # Sources that include themselves once for each instruction set stand alone.
  foreach(source ${sources})
    file(STRINGS ${source} repeated REGEX "foreach_target" LIMIT_COUNT 1)
    if(repeated)
      set_source_files_properties(${source} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
    endif()
  endforeach()
  if(sources)
    add_library(heed_${name} STATIC ${sources})
    target_include_directories(heed_${name} PUBLIC ${PROJECT_SOURCE_DIR})
    target_compile_features(heed_${name} PUBLIC cxx_std_20)
    target_link_libraries(heed_${name} PUBLIC ${ARG_DEPENDS}
      PRIVATE heed_warnings fmt::fmt nlohmann_json::nlohmann_json ${ARG_PRIVATE_DEPENDS})
  else()
    add_library(heed_${name} INTERFACE)
    target_include_directories(heed_${name} INTERFACE ${PROJECT_SOURCE_DIR})
    target_link_libraries(heed_${name} INTERFACE ${ARG_DEPENDS})
  endif()
  add_library(heed::${name} ALIAS heed_${name})
  set_property(GLOBAL APPEND PROPERTY HEED_MODULES heed_${name})
  set_property(GLOBAL APPEND PROPERTY HEED_LIBRARIES ${ARG_DEPENDS})
  set_property(GLOBAL APPEND PROPERTY HEED_PRIVATE_LIBRARIES ${ARG_PRIVATE_DEPENDS})
  if(HEED_BUILD_TESTS AND tests)
    add_executable(heed_${name}_test ${tests})
    target_link_libraries(heed_${name}_test PRIVATE
      heed::${name} ${ARG_TEST_DEPENDS} ${ARG_PRIVATE_DEPENDS} heed_warnings GTest::gmock GTest::gtest_main)
    target_compile_definitions(heed_${name}_test PRIVATE
      HEED_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
    heed_test_program(heed_${name}_test)
    add_test(NAME ${name} COMMAND heed_${name}_test)
  endif()
endfunction()

# The sources of tests run once for each time that they are compiled, which takes a third less time
# so; what they test is compiled as ever.
function(heed_test_program target)
  target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O1>)
endfunction()

# All modules as one archive, heed::heed, which the command and the examples link, and as one shared
# library of the same objects, heed::heed_shared. These are what is installed, so that a user needs
# neither the names of the floors nor their order.
function(heed_merged_library)
  get_property(modules GLOBAL PROPERTY HEED_MODULES)
  get_property(libraries GLOBAL PROPERTY HEED_LIBRARIES)
  get_property(private_libraries GLOBAL PROPERTY HEED_PRIVATE_LIBRARIES)
  list(FILTER libraries EXCLUDE REGEX "^heed::")
  list(FILTER private_libraries EXCLUDE REGEX "^heed::")
  list(REMOVE_DUPLICATES libraries)
  list(REMOVE_DUPLICATES private_libraries)
  set(objects)
  foreach(module ${modules})
    get_target_property(type ${module} TYPE)
    if(type STREQUAL STATIC_LIBRARY)
      list(APPEND objects $<TARGET_OBJECTS:${module}>)
    endif()
  endforeach()
  add_library(heed STATIC)
  add_library(heed_shared SHARED)
  foreach(library heed heed_shared)
    add_library(heed::${library} ALIAS ${library})
    target_sources(${library} PRIVATE ${objects})
    target_include_directories(${library} PUBLIC
      $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
    target_compile_features(${library} PUBLIC cxx_std_20)
    set_target_properties(${library} PROPERTIES LINKER_LANGUAGE CXX)
  endforeach()
  target_link_libraries(heed PUBLIC ${libraries}
    PRIVATE fmt::fmt $<BUILD_INTERFACE:nlohmann_json::nlohmann_json> ${private_libraries})
  # It finds its own libraries: whoever links it is told of none. No header of theirs is public.
  target_link_libraries(heed_shared PRIVATE
    $<BUILD_INTERFACE:fmt::fmt> $<BUILD_INTERFACE:nlohmann_json::nlohmann_json>)
  foreach(library ${libraries} ${private_libraries})
    target_link_libraries(heed_shared PRIVATE $<BUILD_INTERFACE:${library}>)
  endforeach()
  # Below 1.0 the second number of the version changes with what is public.
  set_target_properties(heed_shared PROPERTIES OUTPUT_NAME heed VERSION ${PROJECT_VERSION}
    SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
endfunction()
