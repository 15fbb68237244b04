// One function per family of kernels fills that family's slots.
#pragma once

namespace heed::reference {

void register_matmul();         // kernels/matmul.h
void register_elementwise();    // kernels/elementwise.h, kernels/dropout.h
void register_normalization();  // kernels/normalization.h
void register_embedding();      // kernels/embedding.h
void register_softmax();        // kernels/softmax.h
void register_top_k();          // kernels/top_k.h
void register_rotary();         // kernels/rotary.h
void register_attention();      // kernels/attention.h
void register_optimizer();      // kernels/optimizer.h

}  // namespace heed::reference
