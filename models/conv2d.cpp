// SPDX-License-Identifier: Apache-2.0
// conv2d as shifted products: with channels on partitions, every position of the window is one more
// contraction over channels, of the image shifted by that position, accumulated in PSUM. No patches
// are copied: the shift is only an offset of the moving operand's access, the stride its step.
#include <algorithm>

#include "models/lowering.h"

namespace nsim::ml {
namespace {

using isa::Access;
using isa::BufferRef;
using isa::Engine;
using isa::Expr;

class Conv2d {
 public:
  Conv2d(Lowering& to, const Call& call)
      : to_(to),
        b_(to.builder()),
        call_(call),
        in_(call.input(0)),
        weight_(call.input(1)),
        out_(to.result(call)) {
    const Shape& x = in_.shape;
    const Shape& w = weight_.shape;
    const Shape& y = out_.shape;
    window_height_ = w[0];
    window_width_ = w[1];
    channels_ = x[1];
    height_ = x[2];
    width_ = x[3];
    features_ = y[1];
    out_height_ = y[2];
    out_width_ = y[3];
    stride_ = call.integer("stride", 1);
    padding_ = call.integer("padding", 0);
    channel_tiles_ = ceil_div(channels_, kPartitions);
    padded_width_ = width_ + 2 * padding_;
    images_ = {0, x[0]};
    maps_ = {0, features_};
    // Cores share the images, or the output features when the images do not divide evenly.
    (x[0] % to.limits().cores_per_logical == 0 ? images_ : maps_) =
        to.share(x[0] % to.limits().cores_per_logical == 0 ? x[0] : features_);
    choose_blocks();
    allocate();
  }

  void run() {
    load_weights();
    clear_padding();
    to_.tiles("images", images_.size, group_, [&](const Tile& images) {
      Lowering::unrolled_tiles(out_height_, strip_,
                               [&](const Tile& strip) { block(images, strip); });
    });
  }

 private:
  std::int64_t strip_rows(std::int64_t out_rows) const {
    return (out_rows - 1) * stride_ + window_height_;
  }
  std::int64_t image_elements() const { return strip_rows(strip_) * padded_width_; }

  std::int64_t bytes_needed() const {
    const std::int64_t element = bytes_of(in_.dtype);
    const std::int64_t pixels = group_ * image_elements();
    return channel_tiles_ * window_height_ * window_width_ * maps_.size * bytes_of(weight_.dtype) +
           2 * channel_tiles_ * pixels * element + (padding_ > 0 ? 2 * pixels * element : 0) +
           2 * group_ * strip_ * out_width_ * bytes_of(out_.dtype) +
           ceil_div(maps_.size, kPartitions) * 4 + 64 * 6;
  }

  // Several small images at once fill the 512 columns of a product; large images come in strips of
  // rows.
  void choose_blocks() {
    group_ = std::clamp<std::int64_t>(kMovingColumns / (out_height_ * out_width_), 1, images_.size);
    strip_ = out_height_;
    while (bytes_needed() > to_.sbuf_left() && strip_ > 1) {
      strip_ = ceil_div(strip_, 2);
    }
    if (bytes_needed() > to_.sbuf_left()) {
      call_.fail("the weights and one row of the image need " + std::to_string(bytes_needed()) +
                 " bytes per partition of SBUF: " +
                 std::to_string(bytes_needed() - to_.sbuf_left()) + " are missing");
    }
    tile_columns_ = std::min(out_width_, kMovingColumns);
    tile_rows_ = std::max<std::int64_t>(1, kMovingColumns / tile_columns_ / group_);
  }

  void allocate() {
    const std::int64_t windows = window_height_ * window_width_;
    weights_ = to_.sbuf("weights", weight_.dtype, channel_tiles_ * windows * maps_.size);
    image_ = to_.sbuf("image", in_.dtype, 2 * channel_tiles_ * group_ * image_elements());
    if (padding_ > 0) {
      stage_ = to_.sbuf("stage", in_.dtype, 2 * group_ * image_elements());
    }
    result_ = to_.sbuf("result", out_.dtype, 2 * group_ * strip_ * out_width_);
    if (call_.has_input(2)) {
      bias_ = to_.sbuf("bias", call_.input(2).dtype, ceil_div(maps_.size, kPartitions));
    }
    product_ = to_.psum("product", num::Dtype::Fp32, to_.banks());
  }

  void load_weights() {
    const std::int64_t windows = window_height_ * window_width_;
    to_.tiles("weights", channels_, kPartitions, [&](const Tile& channels) {
      to_.load(
          weights_.at(0, channels.size, channels.index.times(windows * maps_.size),
                      {{maps_.size, windows}, {1, maps_.size}}),
          to_.tensor(weight_).at(
              channels.start * features_ + maps_.start,
              {{features_, channels.size}, {channels_ * features_, windows}, {1, maps_.size}}));
    });
    if (call_.has_input(2)) {
      to_.tiles("bias", maps_.size, kPartitions, [&](const Tile& maps) {
        to_.load(bias_.at(0, maps.size, maps.index.times(1), {{1, 1}}),
                 to_.tensor(call_.input(2)).at(maps_.start + maps.start, {{1, maps.size}}));
      });
    }
  }

  void clear_padding() {
    if (padding_ > 0) {
      constexpr std::int64_t kMemsetElements = 32 * 1024;
      to_.tiles("clear", 2 * channel_tiles_ * group_ * image_elements(), kMemsetElements,
                [&](const Tile& part) {
                  b_.memset(Engine::GpSimd, image_.at(part.start, {{1, part.size}}), 0);
                });
    }
  }

  /// A strip of output rows of a group of images, all output features.
  void block(const Tile& images, const Tile& strip) {
    const bool one_strip = strip_ == out_height_;
    const Index now = one_strip ? images.index : strip.index;
    const Expr turn = now.turn(2, channel_tiles_ * group_ * image_elements());
    const std::int64_t first =
        strip.start.constant * stride_ - padding_;  // input row, may be before the image
    const std::int64_t begin = std::max<std::int64_t>(0, first);
    const std::int64_t end = std::min(height_, first + strip_rows(strip.size));
    to_.tiles("channels", channels_, kPartitions, [&](const Tile& channels) {
      const Expr into = turn + channels.index.times(group_ * image_elements());
      clear_rows(images, channels, into, 0, begin - first);
      clear_rows(images, channels, into, end - first, strip_rows(strip.size));
      const Index& stage = channels_ > kPartitions ? channels.index : now;
      load_image(images, channels, into, stage, {begin, end - begin, begin - first});
    });
    to_.tiles("features", maps_.size, kPartitions,
              [&](const Tile& maps) { features(images, strip, maps, turn, now); });
  }

  /// Rows beyond the image hold zeros; a strip before may have left others.
  void clear_rows(const Tile& images, const Tile& channels, const Expr& into, std::int64_t from,
                  std::int64_t to) {
    if (to > from && strip_ != out_height_) {
      b_.memset(Engine::GpSimd,
                image_.at(0, channels.size, into + from * padded_width_,
                          {{image_elements(), images.size}, {1, (to - from) * padded_width_}}),
                0);
    }
  }

  /// `count` rows of the image from `begin` on, placed at row `at` of the strip.
  struct ImageRows {
    std::int64_t begin = 0;
    std::int64_t count = 0;
    std::int64_t at = 0;
  };

  /// With padding by way of a copy on chip: the rows of a padded image are too short for the DMA
  /// engines.
  void load_image(const Tile& images, const Tile& channels, const Expr& into, const Index& now,
                  const ImageRows& rows) {
    const std::int64_t pixels = height_ * width_;
    const Access from = to_.tensor(in_).at(
        (images_.start + images.start) * (channels_ * pixels) + channels.start * pixels +
            rows.begin * width_,
        {{pixels, channels.size}, {channels_ * pixels, images.size}, {1, rows.count * width_}});
    const Expr placed = into + rows.at * padded_width_ + padding_;
    if (padding_ == 0) {
      to_.load(image_.at(0, channels.size, placed,
                         {{image_elements(), images.size}, {1, rows.count * width_}}),
               from);
      return;
    }
    const Expr stage = now.turn(2, group_ * image_elements());
    to_.load(stage_.at(0, channels.size, stage,
                       {{rows.count * width_, images.size}, {1, rows.count * width_}}),
             from);
    b_.tensor_copy(
        Engine::Vector,
        image_.at(0, channels.size, placed,
                  {{image_elements(), images.size}, {padded_width_, rows.count}, {1, width_}}),
        stage_.at(0, channels.size, stage,
                  {{rows.count * width_, images.size}, {width_, rows.count}, {1, width_}}));
  }

  void features(const Tile& images, const Tile& strip, const Tile& maps, const Expr& turn,
                const Index& block) {
    const std::int64_t result_image = strip.size * out_width_;
    const Expr result =
        (maps_.size > kPartitions ? maps.index : block).turn(2, group_ * strip_ * out_width_);
    to_.tiles("rows", strip.size, tile_rows_, [&](const Tile& rows) {
      to_.tiles("columns", out_width_, tile_columns_, [&](const Tile& columns) {
        const Index& now = strip.size > tile_rows_    ? rows.index
                           : maps_.size > kPartitions ? maps.index
                                                      : block;
        const Expr bank = now.turn(to_.banks(), to_.bank(num::Dtype::Fp32));
        const std::int64_t elements = images.size * rows.size * columns.size;
        const Expr shift = turn + rows.start * (stride_ * padded_width_) + columns.start * stride_;
        multiply(product_.at(0, maps.size, bank, {{1, elements}}), maps, shift,
                 {{image_elements(), images.size},
                  {stride_ * padded_width_, rows.size},
                  {stride_, columns.size}});
        finish(
            result_.at(0, maps.size, result + rows.start * out_width_ + columns.start,
                       {{result_image, images.size}, {out_width_, rows.size}, {1, columns.size}}),
            product_.at(0, maps.size, bank,
                        {{rows.size * columns.size, images.size},
                         {columns.size, rows.size},
                         {1, columns.size}}),
            maps);
      });
    });
    const std::int64_t pixels = out_height_ * out_width_;
    to_.store(to_.tensor(out_).at(
                  (images_.start + images.start) * (features_ * pixels) +
                      (maps_.start + maps.start) * pixels + strip.start * out_width_,
                  {{pixels, maps.size}, {features_ * pixels, images.size}, {1, result_image}}),
              result_.at(0, maps.size, result, {{result_image, images.size}, {1, result_image}}));
  }

  void multiply(const Access& product, const Tile& maps, const Expr& shift,
                const std::vector<isa::Dim>& pixels) {
    const std::int64_t windows = window_height_ * window_width_;
    to_.tiles("contract", channels_, kPartitions, [&](const Tile& channels) {
      for (std::int64_t position = 0; position < windows; ++position) {
        const std::int64_t offset =
            position / window_width_ * padded_width_ + position % window_width_;
        b_.nc_matmul(
            product,
            weights_.at(
                0, channels.size,
                channels.index.times(windows * maps_.size) + position * maps_.size + maps.start,
                {{1, maps.size}}),
            image_.at(0, channels.size,
                      shift + channels.index.times(group_ * image_elements()) + offset, pixels),
            channels.index.times(1) + position);
      }
    });
  }

  void finish(const Access& into, const Access& from, const Tile& maps) {
    const num::Activation function = activation_function(call_.text("activation", "none"));
    const isa::ScalarOperand bias =
        call_.has_input(2) ? per_partition(bias_.at(0, maps.size, maps.index.times(1), {{1, 1}}))
                           : immediate(0);
    scalar_next_ = !scalar_next_;
    if (scalar_next_ && function == num::Activation::Relu) {
      b_.tensor_scalar(Engine::Vector, into, from, num::AluOp::Add, bias, num::AluOp::Maximum,
                       immediate(0));
    } else if (scalar_next_ && function == num::Activation::Copy) {
      b_.tensor_scalar(Engine::Vector, into, from, num::AluOp::Add, bias);
    } else {
      b_.activation(into, from, function, immediate(1), bias);
    }
  }

  Lowering& to_;
  isa::Builder& b_;
  const Call& call_;
  const ModelTensor& in_;
  const ModelTensor& weight_;
  const ModelTensor& out_;
  std::int64_t window_height_, window_width_, channels_, height_, width_, features_, out_height_,
      out_width_;
  std::int64_t stride_, padding_, channel_tiles_, padded_width_;
  Share images_, maps_;                            // this core's
  std::int64_t group_ = 1;                         // images at once
  std::int64_t strip_ = 1;                         // output rows at once
  std::int64_t tile_rows_ = 1, tile_columns_ = 1;  // output rows and columns of a product
  BufferRef weights_, image_, stage_, result_, bias_, product_;
  bool scalar_next_ = false;
};

}  // namespace

void lower_conv2d(Lowering& to, const Call& call) {
  Conv2d(to, call).run();
}

}  // namespace nsim::ml
