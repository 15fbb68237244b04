# Runs the command's surface: cmake -P, with -DHEED (the command) and -DWORK_DIR.
cmake_minimum_required(VERSION 3.25)
file(REMOVE_RECURSE ${WORK_DIR})
file(MAKE_DIRECTORY ${WORK_DIR})

# The exit status, and patterns that standard output and standard error must match.
function(expect status output_pattern error_pattern)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE found OUTPUT_VARIABLE output
    ERROR_VARIABLE error)
  if(NOT found EQUAL status OR NOT output MATCHES "${output_pattern}"
     OR NOT error MATCHES "${error_pattern}")
    list(JOIN ARGN " " line)
    message(SEND_ERROR "${line}\nexpected ${status}, '${output_pattern}', '${error_pattern}', "
      "found ${found}\n--- output:\n${output}--- error:\n${error}")
  endif()
endfunction()

function(shell status output_pattern error_pattern script)
  expect(${status} "${output_pattern}" "${error_pattern}" bash -c "${script}")
endfunction()

expect(0 "^heed [0-9]+\\.[0-9]+\\.[0-9]+\n$" "^$" ${HEED} --version)
expect(0 "Usage: heed" "^$" ${HEED})
expect(0 "Usage: heed" "^$" ${HEED} --help)
expect(2 "^$" "^heed: unknown command 'tarnslate'[^\n]*; see heed --help\n$" ${HEED} tarnslate)
expect(2 "^$" "did you mean completion\\?" ${HEED} completoin)
expect(2 "^$" "^heed: unknown option --no-such-option[^\n]*\n$" ${HEED} --no-such-option)

# Every command that help lists, and the commands of those.
function(check_commands)
  execute_process(COMMAND ${HEED} ${ARGN} --help OUTPUT_VARIABLE help)
  string(REGEX MATCH "\nCommands:\n(  [^\n]*\n)+" section "${help}")
  string(REGEX MATCHALL "\n  [a-z]+" names "${section}")
  foreach(name ${names})
    string(STRIP ${name} name)
    set(command ${ARGN} ${name})
    expect(0 "Usage: heed.*Examples?:\n  " "^$" ${HEED} ${command} --help)
    expect(2 "^$" "^heed: unknown option --no-such-option; see heed [^\n]*--help\n$"
      ${HEED} ${command} --no-such-option)
    check_commands(${command})
    set_property(GLOBAL APPEND PROPERTY commands "${name}")
  endforeach()
endfunction()
check_commands()
get_property(commands GLOBAL PROPERTY commands)
foreach(name train translate generate classify tag answer embed fill evaluate compare score attend heads bleu info average export demo data completion)
  if(NOT name IN_LIST commands)
    message(SEND_ERROR "heed --help lists no command '${name}', only: ${commands}")
  endif()
endforeach()

# Output that nobody reads, that has no room, or that is closed.
shell(0 "^#" "^$" "'${HEED}' completion bash | head -1")
shell(74 "^$" "^heed: cannot write to standard output: No space left on device\n$"
  "'${HEED}' completion bash > /dev/full")
shell(74 "^$" "^heed: cannot write to standard output[^\n]*\n$" "'${HEED}' --version >&-")

# The scripts and pages that the command writes.
shell(0 "^$" "^$" "'${HEED}' completion bash | bash -n")
foreach(shell_name zsh fish)
  find_program(${shell_name} ${shell_name})
  if(${shell_name})
    shell(0 "^$" "^$" "'${HEED}' completion ${shell_name} | ${shell_name} -n")
  endif()
endforeach()
expect(0 "^$" "^$" ${HEED} man ${WORK_DIR}/man)
foreach(name ${commands})
  file(GLOB pages ${WORK_DIR}/man/heed*-${name}.1)
  if(NOT pages)
    message(SEND_ERROR "heed man wrote no page for ${name}")
  endif()
endforeach()
find_program(groff groff)
if(groff)
  file(GLOB pages ${WORK_DIR}/man/*.1)
  expect(0 "." "^$" ${groff} -man -ww -Tutf8 ${pages})
endif()
