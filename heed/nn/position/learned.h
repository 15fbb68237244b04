// Learned positions: a table trained with the model (Gehring et al., "Convolutional sequence to
// sequence learning", 2017).
//
// A table of T rows in a model that takes L > T positions is stretched: position i reads between
// the rows at i·(T-1)/(L-1), so that the first and the last position have the first and the last
// row (as Vision Transformers do for larger images, Dosovitskiy et al., 2021, section 3.2). L is
// that of the model, not of the sentence: what a token gets does not depend on its neighbours.
// Thread-safety: any thread may ask for the scheme.
#pragma once

#include "heed/nn/position/position_encoding.h"

namespace heed {

PositionScheme learned_scheme();

}  // namespace heed
