# Holds docs/RECIPE.md to the program: cmake -P, with -DHEED (the command) and -DPAGE.
cmake_minimum_required(VERSION 3.25)
execute_process(COMMAND ${HEED} recipe --markdown RESULT_VARIABLE status OUTPUT_VARIABLE expected)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "heed recipe --markdown ended with ${status}")
endif()
file(READ ${PAGE} found)
if(NOT found STREQUAL expected)
  message(FATAL_ERROR "${PAGE} is not what the program says; "
    "renew it with: heed recipe --markdown > docs/RECIPE.md")
endif()
