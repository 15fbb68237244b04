# The public headers, each beside the others of its floor: what is installed, what heed/heed.h
# includes, and what keeps its names from one version to the next. All other headers serve the
# library's own sources. tests/check_includes.cmake holds these to include one another and the
# standard library only.
set(HEED_PUBLIC_HEADERS
  version.h heed.h)

macro(heed_public folder)
  foreach(name ${ARGN})
    list(APPEND HEED_PUBLIC_HEADERS ${folder}/${name}.h)
  endforeach()
endmacro()

heed_public(base config error files hash message model_files out_of_resources random thread_pool)
heed_public(tensor device dtype named_tensor shape storage tensor view)
heed_public(kernels attention attention_plan dropout elementwise embedding kernel matmul normalization
  operands rotary softmax)
heed_public(backends/cpu register)
heed_public(backends/reference register)
heed_public(autograd gradient gradient_check kept_activation)
heed_public(ops attention bias_table elementwise embedding heads index linear normalization rotary rows
  softmax)
heed_public(nn block dropout_site embeddings encoder forward_context generator generator_loss inputs layers
  module norm pooling sequences stack stack_config sublayer_connection value_embeddings)
heed_public(nn/attention additive attention_config attention_core attention_part attention_place
  bilinear block cosine dot full gaussian hard head_set multi_head prefix qk_norm sinks soft_cap softmax
  sparsemax talking_heads window)
heed_public(nn/position alibi cope grown_table learned none position_config position_encoding rotary
  shaw sinusoidal swin t5 xpos)
heed_public(models encoder_heads head_pruning headed_encoder language_model language_model_config low_rank
  output_config text_encoder text_encoder_config text_encoder_presets translator translator_config)
heed_public(text byte_tokenizer sentencepiece_tokenizer subword_dropout text_frame text_symbols tokenizer
  tokenizer_config tokenizer_files tokenizer_kinds vocabulary word_tokenizer)
heed_public(formats checkpoint event_file event_message file_writer load_tensors numpy safetensors
  safetensors_header sharded_safetensors tensor_source)
heed_public(data batch_stream batching example_source prefetcher)
heed_public(metrics answers bits_per_character bleu bootstrap calibration chrf class_metrics
  classification correlation entities metric paired_bootstrap
  score_line sentence_statistics sequence_accuracy tokenizers)
heed_public(generation decoding_config generate hypothesis)
heed_public(inspect attention_map report)
heed_public(training budget history optimizer optimizer_config progress run_identity run_report
  schedule task trainer training_config validation_table)
heed_public(interop adapter load_model sentence_directory)
heed_public(tasks line_translator question_answerer recipe run run_result run_settings
  text_classifier text_embedder text_model text_tagger text_writer)
