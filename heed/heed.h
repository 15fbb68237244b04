// All of heed:
//
//   heed::register_cpu_backend();
//   heed::run_recipe("recipe.yaml", {"seed=2"}, "run");  // learns and measures
//   const auto translations = heed::translate_lines(heed::load_model("run"), lines);
//
// Sources that need a part compile sooner with the headers of that part.
#pragma once

#include "heed/version.h"

// Errors, random numbers, the threads that all work is spread over.
#include "heed/base/config.h"
#include "heed/base/error.h"
#include "heed/base/files.h"
#include "heed/base/hash.h"
#include "heed/base/message.h"
#include "heed/base/model_files.h"
#include "heed/base/out_of_resources.h"
#include "heed/base/random.h"
#include "heed/base/thread_pool.h"

// Tensors: shape, type, device, memory.
#include "heed/tensor/device.h"
#include "heed/tensor/dtype.h"
#include "heed/tensor/named_tensor.h"
#include "heed/tensor/shape.h"
#include "heed/tensor/storage.h"
#include "heed/tensor/tensor.h"
#include "heed/tensor/view.h"

// What a device can compute, and the devices there are.
#include "heed/backends/cpu/register.h"
#include "heed/backends/reference/register.h"
#include "heed/kernels/attention.h"
#include "heed/kernels/attention_plan.h"
#include "heed/kernels/dropout.h"
#include "heed/kernels/elementwise.h"
#include "heed/kernels/embedding.h"
#include "heed/kernels/kernel.h"
#include "heed/kernels/matmul.h"
#include "heed/kernels/normalization.h"
#include "heed/kernels/operands.h"
#include "heed/kernels/rotary.h"
#include "heed/kernels/softmax.h"

// Gradients, and differentiable functions of tensors.
#include "heed/autograd/gradient.h"
#include "heed/autograd/gradient_check.h"
#include "heed/autograd/kept_activation.h"
#include "heed/ops/attention.h"
#include "heed/ops/bias_table.h"
#include "heed/ops/elementwise.h"
#include "heed/ops/embedding.h"
#include "heed/ops/heads.h"
#include "heed/ops/index.h"
#include "heed/ops/linear.h"
#include "heed/ops/normalization.h"
#include "heed/ops/rotary.h"
#include "heed/ops/rows.h"
#include "heed/ops/softmax.h"

// Modules, blocks and stacks of them, what a model that writes offers.
#include "heed/nn/block.h"
#include "heed/nn/dropout_site.h"
#include "heed/nn/embeddings.h"
#include "heed/nn/forward_context.h"
#include "heed/nn/generator.h"
#include "heed/nn/generator_loss.h"
#include "heed/nn/inputs.h"
#include "heed/nn/layers.h"
#include "heed/nn/module.h"
#include "heed/nn/norm.h"
#include "heed/nn/sequences.h"
#include "heed/nn/stack.h"
#include "heed/nn/stack_config.h"
#include "heed/nn/sublayer_connection.h"
#include "heed/nn/value_embeddings.h"

// Attention and position: the kinds there are, and how to add one.
#include "heed/nn/attention/additive.h"
#include "heed/nn/attention/attention_config.h"
#include "heed/nn/attention/attention_core.h"
#include "heed/nn/attention/attention_part.h"
#include "heed/nn/attention/attention_place.h"
#include "heed/nn/attention/bilinear.h"
#include "heed/nn/attention/block.h"
#include "heed/nn/attention/cosine.h"
#include "heed/nn/attention/dot.h"
#include "heed/nn/attention/full.h"
#include "heed/nn/attention/gaussian.h"
#include "heed/nn/attention/hard.h"
#include "heed/nn/attention/head_set.h"
#include "heed/nn/attention/multi_head.h"
#include "heed/nn/attention/prefix.h"
#include "heed/nn/attention/qk_norm.h"
#include "heed/nn/attention/sinks.h"
#include "heed/nn/attention/soft_cap.h"
#include "heed/nn/attention/softmax.h"
#include "heed/nn/attention/sparsemax.h"
#include "heed/nn/attention/talking_heads.h"
#include "heed/nn/attention/window.h"
#include "heed/nn/position/alibi.h"
#include "heed/nn/position/cope.h"
#include "heed/nn/position/grown_table.h"
#include "heed/nn/position/learned.h"
#include "heed/nn/position/none.h"
#include "heed/nn/position/position_config.h"
#include "heed/nn/position/position_encoding.h"
#include "heed/nn/position/rotary.h"
#include "heed/nn/position/shaw.h"
#include "heed/nn/position/sinusoidal.h"
#include "heed/nn/position/swin.h"
#include "heed/nn/position/t5.h"
#include "heed/nn/position/xpos.h"

// Whole models.
#include "heed/models/head_pruning.h"
#include "heed/models/language_model.h"
#include "heed/models/language_model_config.h"
#include "heed/models/output_config.h"
#include "heed/models/translator.h"
#include "heed/models/translator_config.h"

// Text to tokens and back.
#include "heed/text/byte_tokenizer.h"
#include "heed/text/sentencepiece_tokenizer.h"
#include "heed/text/subword_dropout.h"
#include "heed/text/text_symbols.h"
#include "heed/text/tokenizer.h"
#include "heed/text/tokenizer_config.h"
#include "heed/text/tokenizer_files.h"
#include "heed/text/tokenizer_kinds.h"
#include "heed/text/vocabulary.h"
#include "heed/text/word_tokenizer.h"

// Files of tensors, checkpoints, logs.
#include "heed/formats/checkpoint.h"
#include "heed/formats/event_file.h"
#include "heed/formats/event_message.h"
#include "heed/formats/file_writer.h"
#include "heed/formats/load_tensors.h"
#include "heed/formats/numpy.h"
#include "heed/formats/safetensors.h"
#include "heed/formats/safetensors_header.h"
#include "heed/formats/sharded_safetensors.h"
#include "heed/formats/tensor_source.h"

// Examples, and the batches made of them.
#include "heed/data/batch_stream.h"
#include "heed/data/batching.h"
#include "heed/data/example_source.h"
#include "heed/data/prefetcher.h"

// What models are measured by.
#include "heed/metrics/bits_per_character.h"
#include "heed/metrics/bleu.h"
#include "heed/metrics/bootstrap.h"
#include "heed/metrics/chrf.h"
#include "heed/metrics/classification.h"
#include "heed/metrics/metric.h"
#include "heed/metrics/paired_bootstrap.h"
#include "heed/metrics/score_line.h"
#include "heed/metrics/sentence_statistics.h"
#include "heed/metrics/sequence_accuracy.h"
#include "heed/metrics/tokenizers.h"

// Decoding: greedy, beam search, sampling.
#include "heed/generation/decoding_config.h"
#include "heed/generation/generate.h"
#include "heed/generation/hypothesis.h"

// A task, the loop that trains it, and the page that tells of it.
#include "heed/inspect/attention_map.h"
#include "heed/inspect/report.h"
#include "heed/training/budget.h"
#include "heed/training/history.h"
#include "heed/training/optimizer.h"
#include "heed/training/optimizer_config.h"
#include "heed/training/progress.h"
#include "heed/training/run_identity.h"
#include "heed/training/run_report.h"
#include "heed/training/schedule.h"
#include "heed/training/task.h"
#include "heed/training/trainer.h"
#include "heed/training/training_config.h"
#include "heed/training/validation_table.h"

// Models from directories and back.
#include "heed/interop/load_model.h"

// Recipes to results, lines to translations, prompts to what follows them.
#include "heed/tasks/line_translator.h"
#include "heed/tasks/recipe.h"
#include "heed/tasks/run.h"
#include "heed/tasks/run_result.h"
#include "heed/tasks/run_settings.h"
#include "heed/tasks/text_model.h"
#include "heed/tasks/text_writer.h"
