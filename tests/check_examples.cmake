# Runs the examples: cmake -P, with -DHEED (the command), -DEXAMPLES (the folder of the programs) and
# -DWORK_DIR.
cmake_minimum_required(VERSION 3.25)
file(REMOVE_RECURSE ${WORK_DIR})
file(MAKE_DIRECTORY ${WORK_DIR})

function(expect status output_pattern)
  cmake_parse_arguments(ARG "" "INPUT" "COMMAND" ${ARGN})
  set(input /dev/null)
  if(ARG_INPUT)
    set(input ${ARG_INPUT})
  endif()
  execute_process(COMMAND ${ARG_COMMAND} INPUT_FILE ${input} WORKING_DIRECTORY ${WORK_DIR}
    RESULT_VARIABLE found OUTPUT_VARIABLE output ERROR_VARIABLE error)
  if(NOT found EQUAL status OR NOT output MATCHES "${output_pattern}")
    list(JOIN ARG_COMMAND " " line)
    message(FATAL_ERROR "${line}\nexpected ${status} and '${output_pattern}', found ${found}\n"
      "--- output:\n${output}--- error:\n${error}")
  endif()
endfunction()

# A model that knows the numbers of one digit.
set(english one two three four five six seven eight nine)
set(german eins zwei drei vier fünf sechs sieben acht neun)
set(source "")
set(target "")
foreach(first RANGE 8)
  foreach(second RANGE 8)
    list(GET english ${first} ${second} words)
    list(JOIN words " " line)
    string(APPEND source "${line}\n")
    list(GET german ${first} ${second} words)
    list(JOIN words " " line)
    string(APPEND target "${line}\n")
  endforeach()
endforeach()
file(WRITE ${WORK_DIR}/numbers.en "${source}")
file(WRITE ${WORK_DIR}/numbers.de "${target}")
file(WRITE ${WORK_DIR}/numbers.yaml "
task: translation
data: {train: {source: [numbers.en], target: [numbers.de]}}
tokenizer: {kind: word, joint: false}
model: {d_model: 32, encoder_layers: 1, decoder_layers: 1, heads: 2, feed_forward_size: 64,
        dropout: 0, tie_embeddings: output}
batches: {batch_tokens: 128}
schedule: {kind: linear, learning_rate: 0.005, warmup_steps: 20}
training: {max_steps: 200, label_smoothing: 0}
")
expect(0 "" COMMAND ${HEED} train numbers.yaml --run run --threads 1)
file(WRITE ${WORK_DIR}/input "two seven\n\nnine one\nfive five\n")
expect(0 "^zwei sieben\n\nneun eins\nfünf fünf\n$" INPUT ${WORK_DIR}/input
  COMMAND ${EXAMPLES}/example_translate run)
file(WRITE ${WORK_DIR}/pair "two seven\tzwei sieben\n")
expect(0 "^[0-9]+ [0-9]+ [0-9]+\n[0-9]+ [0-9]+ [0-9]+\n(-?[0-9.e-]+[ \n])+$" INPUT ${WORK_DIR}/pair
  COMMAND ${EXAMPLES}/example_logits run)
expect(74 "^$" COMMAND ${EXAMPLES}/example_translate missing)
expect(2 "^$" COMMAND ${EXAMPLES}/example_translate)

# It says by its exit code whether the model that it saved and loaded has learnt.
expect(0 "letters of 1000 new words in place" COMMAND ${EXAMPLES}/example_train_your_own)
if(NOT EXISTS ${WORK_DIR}/sorter.safetensors)
  message(FATAL_ERROR "train_your_own left no sorter.safetensors")
endif()

# A position scheme of its own; it too says by its exit code whether the model has learnt.
expect(0 "of 500 new words backwards" COMMAND ${EXAMPLES}/example_own_position)

# A task of its own, killed in the middle and continued: it ends with the bytes of a run that was not
# killed, and has learnt, which its exit code says.
expect(0 "of the depths of 200 new lines right" COMMAND ${EXAMPLES}/example_own_task whole)
foreach(step 3 137 390)
  execute_process(COMMAND ${EXAMPLES}/example_own_task killed-${step} kill-at ${step}
    WORKING_DIRECTORY ${WORK_DIR} RESULT_VARIABLE status OUTPUT_QUIET ERROR_QUIET)
  if(status EQUAL 0)
    message(FATAL_ERROR "own_task was to be killed at step ${step}")
  endif()
  expect(0 "of the depths" COMMAND ${EXAMPLES}/example_own_task killed-${step} resume)
  foreach(name last/model.safetensors last/optimizer.safetensors best/model.safetensors)
    file(SHA256 ${WORK_DIR}/whole/${name} expected)
    file(SHA256 ${WORK_DIR}/killed-${step}/${name} found)
    if(NOT found STREQUAL expected)
      message(FATAL_ERROR "own_task, killed at step ${step}: another ${name}")
    endif()
  endforeach()
endforeach()
foreach(name report.html metrics.jsonl best/config.json)
  if(NOT EXISTS ${WORK_DIR}/whole/${name})
    message(FATAL_ERROR "own_task left no ${name}")
  endif()
endforeach()
