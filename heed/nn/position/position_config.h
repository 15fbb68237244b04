// What can be chosen about positions: one flat list, each key with the kinds that it serves.
// Thread-safety: plain data.
#pragma once

#include <cstdint>
#include <string>

namespace heed {

struct PositionConfig {
  std::string kind = "sinusoidal";
  bool cross = false;
  std::string layout = "halves";
  int grid_columns = 0;
  int trained_length = 0;
  double base = 10000;
  double window_base = 0;
  double rotated = 1;
  std::string scaling = "none";
  double scaling_factor = 1;
  double attention_factor = 0;
  double beta_fast = 32;
  double beta_slow = 1;
  double low_frequency_factor = 1;
  double high_frequency_factor = 4;
  double decay_base = 512;
  int clip = 16;
  bool relative_values = true;
  bool per_head = false;
  int buckets = 32;
  int max_distance = 128;
  int window = 7;
  int trained_window = 0;
  int hidden_size = 512;
  int context_positions = 64;

  template <typename Visitor>
  void fields(Visitor& visit) {
    visit("kind", kind,
          "none, sinusoidal, sinusoidal2d, learned, shaw, rotary, xpos, t5, alibi, swin, swin2 or "
          "cope");
    visit("cross", cross,
          "also between decoder and encoder: schemes that act on queries, keys or scores");
    visit("layout", layout,
          "sinusoidal, rotary, xpos: how pairs lie: halves (sinusoidal: [sin | cos], as in Marian) "
          "or interleaved");
    visit("grid_columns", grid_columns,
          "sinusoidal2d: columns of the grid that is read row by row; 0: as many as rows");
    visit("trained_length", trained_length,
          "learned: rows of the table, interpolated when the model is longer; rotary: positions "
          "before scaling (yarn, llama3); 0: as many as the model takes");
    visit("base", base, "rotary, xpos: the longest wavelength is about 2·pi·base");
    visit("window_base", window_base,
          "rotary: base, without scaling, in layers whose attention has a window; 0: base and "
          "scaling as in the others");
    visit("rotated", rotated, "rotary: share of each head that is turned, its first components");
    visit("scaling", scaling, "rotary: none, linear, ntk, yarn or llama3");
    visit("scaling_factor", scaling_factor, "rotary: how many times longer than trained_length");
    visit("attention_factor", attention_factor,
          "rotary, yarn: factor on queries and keys; 0: 0.1·ln(scaling_factor) + 1");
    visit("beta_fast", beta_fast, "rotary, yarn: pairs that turn more often stay as they are");
    visit("beta_slow", beta_slow, "rotary, yarn: pairs that turn less often are interpolated");
    visit("low_frequency_factor", low_frequency_factor,
          "rotary, llama3: pairs that turn less often are interpolated");
    visit("high_frequency_factor", high_frequency_factor,
          "rotary, llama3: pairs that turn more often stay as they are");
    visit("decay_base", decay_base, "xpos: distance over which scores fade by one unit");
    visit("clip", clip, "shaw: distances beyond this share a vector");
    visit("relative_values", relative_values,
          "shaw: vectors for the values too, not for keys alone");
    visit("per_head", per_head, "shaw: each head has vectors of its own");
    visit("buckets", buckets, "t5: number of biases per head; even unless the stack is causal");
    visit("max_distance", max_distance, "t5: distances from here on share a bucket");
    visit("window", window, "swin, swin2: rows and columns of the window");
    visit("trained_window", trained_window,
          "swin2: window of the trained weights, when this one is another; 0: this one");
    visit("hidden_size", hidden_size, "swin2: inner width of the network that gives the biases");
    visit("context_positions", context_positions, "cope: positions that are told apart");
  }
};

}  // namespace heed
