// SPDX-License-Identifier: Apache-2.0
// conv2d as shifted products: with channels on partitions, every position of the window is one more
// contraction over channels, of the image shifted by that position, accumulated in PSUM. No patches
// are copied: the shift is only an offset of the moving operand's access, the stride its step.
// Padding costs nothing either: a position that would reach beyond the image adds to the outputs it
// does reach, and the position that reaches the image for every output comes first.
//
// Images are stored [C, B, H, W]: a channel's pixels of all images are one run, long enough for the
// DMA engines.
#include <algorithm>
#include <vector>

#include "models/lowering.h"

namespace nsim::ml {
namespace {

using isa::Access;
using isa::BufferRef;
using isa::Engine;
using isa::Expr;

// Images are loaded together until a channel's run has this many bytes.
constexpr std::int64_t kWantedRunBytes = 1024;

/// Outputs `first` to `first + count` of one axis, and the input the first of them reads.
struct Reach {
  std::int64_t first = 0;
  std::int64_t count = 0;
  std::int64_t input = 0;
};

/// The outputs of [first, first + count) for which window position `at` lies on the image.
Reach reach(std::int64_t first, std::int64_t count, std::int64_t at, std::int64_t stride,
            std::int64_t padding, std::int64_t extent) {
  const std::int64_t begin =
      std::max(first, ceil_div(std::max<std::int64_t>(0, padding - at), stride));
  const std::int64_t last = extent - 1 + padding - at;  // below zero: always beyond the image
  const std::int64_t end = last < 0 ? begin : std::min(first + count, last / stride + 1);
  return {begin, std::max<std::int64_t>(0, end - begin), begin * stride - padding + at};
}

class Conv2d {
 public:
  Conv2d(Lowering& to, const Call& call)
      : to_(to),
        b_(to.builder()),
        call_(call),
        in_(call.input(0)),
        weight_(call.input(1)),
        out_(to.result(call)),
        window_height_(weight_.shape[0]),
        window_width_(weight_.shape[1]),
        windows_(window_height_ * window_width_),
        channels_(in_.shape[0]),
        batch_(in_.shape[1]),
        height_(in_.shape[2]),
        width_(in_.shape[3]),
        features_(out_.shape[0]),
        out_height_(out_.shape[2]),
        out_width_(out_.shape[3]),
        stride_(call.integer("stride", 1)),
        padding_(call.integer("padding", 0)),
        channel_tiles_(ceil_div(channels_, kPartitions)) {
    // Cores share the images, or the output features when the images do not divide evenly.
    const bool by_image = batch_ % to.limits().cores_per_logical == 0;
    images_ = by_image ? to.share(batch_) : Share{0, batch_};
    maps_ = by_image ? Share{0, features_} : to.share(features_);
    choose_blocks();
    allocate();
  }

  void run() {
    load_weights();
    to_.tiles("images", images_.size, group_, [&](const Tile& images) {
      Lowering::unrolled_tiles(out_height_, strip_,
                               [&](const Tile& strip) { block(images, strip); });
    });
  }

 private:
  /// Input rows that `out_rows` output rows read.
  std::int64_t strip_rows(std::int64_t out_rows) const {
    return std::min(height_, (out_rows - 1) * stride_ + window_height_);
  }
  std::int64_t image_elements() const { return strip_rows(strip_) * width_; }

  std::int64_t bytes_needed() const {
    constexpr std::int64_t kRounding = 64 * 5;  // every buffer starts at a multiple of 64
    return channel_tiles_ * windows_ * maps_.size * bytes_of(weight_.dtype) +
           2 * channel_tiles_ * group_ * image_elements() * bytes_of(in_.dtype) +
           kResultTurns * group_ * strip_ * out_width_ * bytes_of(out_.dtype) +
           ceil_div(maps_.size, kPartitions) * 4 + kRounding;
  }

  void choose_blocks() {
    const std::int64_t image_bytes = height_ * width_ * bytes_of(in_.dtype);
    const std::int64_t wanted = std::max(ceil_div(kWantedRunBytes, image_bytes),
                                         kMovingColumns / (out_height_ * out_width_));
    group_ = std::min(wanted, images_.size);
    while (images_.size % group_ != 0) {
      ++group_;
    }
    strip_ = out_height_;
    while (bytes_needed() > to_.sbuf_left() && group_ > 1) {
      group_ = ceil_div(group_, 2);
    }
    while (bytes_needed() > to_.sbuf_left() && strip_ > 1) {
      strip_ = ceil_div(strip_, 2);
    }
    if (bytes_needed() > to_.sbuf_left()) {
      call_.fail("the weights and one row of the image need " + std::to_string(bytes_needed()) +
                 " bytes per partition of SBUF: " +
                 std::to_string(bytes_needed() - to_.sbuf_left()) + " are missing");
    }
    // A product has up to 512 columns: parts of a row, whole rows, or whole images.
    tile_columns_ = std::min(out_width_, kMovingColumns);
    tile_rows_ = std::clamp<std::int64_t>(kMovingColumns / tile_columns_, 1, strip_);
    tile_images_ =
        std::clamp<std::int64_t>(kMovingColumns / (tile_columns_ * tile_rows_), 1, group_);
    const std::int64_t products = ceil_div(group_, tile_images_) * ceil_div(strip_, tile_rows_) *
                                  ceil_div(out_width_, tile_columns_);
    products_at_once_ = std::min(products, to_.banks());
  }

  void allocate() {
    weights_ = to_.sbuf("weights", weight_.dtype, channel_tiles_ * windows_ * maps_.size);
    image_ = to_.turns("image", in_.dtype, channel_tiles_ * group_ * image_elements());
    result_ = to_.turns("result", out_.dtype, group_ * strip_ * out_width_, kResultTurns);
    if (call_.has_input(2)) {
      bias_ = to_.sbuf("bias", call_.input(2).dtype, ceil_div(maps_.size, kPartitions));
    }
    product_ = to_.psum("product", num::Dtype::Fp32, to_.banks());
  }

  /// Calls load(first channel, channels per tile, tiles) for all whole tiles at once, then for the
  /// rest.
  template <class Load>
  void for_channels(Load load) const {
    const std::int64_t whole = channels_ / kPartitions;
    if (whole > 0) {
      load(0, kPartitions, whole);
    }
    if (channels_ % kPartitions != 0) {
      load(whole * kPartitions, channels_ % kPartitions, 1);
    }
  }

  void load_weights() {
    for_channels([&](std::int64_t first, std::int64_t channels, std::int64_t tiles) {
      to_.load(
          weights_.at(0, channels, first / kPartitions * windows_ * maps_.size,
                      {{windows_ * maps_.size, tiles}, {maps_.size, windows_}, {1, maps_.size}}),
          to_.tensor(weight_).at(maps_.start + first * features_,
                                 {{features_, channels},
                                  {kPartitions * features_, tiles},
                                  {channels_ * features_, windows_},
                                  {1, maps_.size}}));
    });
    if (call_.has_input(2)) {
      to_.tiles("bias", maps_.size, kPartitions, [&](const Tile& maps) {
        to_.load(bias_.at(0, maps.size, maps.index.times(1), {{1, 1}}),
                 to_.tensor(call_.input(2)).at(maps_.start + maps.start, {{1, maps.size}}));
      });
    }
  }

  /// A strip of output rows of a group of images, all output features.
  void block(const Tile& images, const Tile& strip) {
    const Index now = strip_ == out_height_ ? images.index : strip.index;
    const Expr turn = image_.offset(now);
    const std::int64_t first_row =
        std::max<std::int64_t>(0, strip.start.constant * stride_ - padding_);
    const std::int64_t rows = std::min(strip_rows(strip.size), height_ - first_row);
    const std::int64_t pixels = height_ * width_;
    for_channels([&](std::int64_t first, std::int64_t channels, std::int64_t tiles) {
      const std::int64_t stride = group_ * image_elements();
      to_.load(
          image_.buffer.at(0, channels, turn + first / kPartitions * stride,
                           {{stride, tiles}, {image_elements(), images.size}, {1, rows * width_}}),
          to_.tensor(in_).at((images_.start + images.start) * pixels + first * batch_ * pixels +
                                 first_row * width_,
                             {{batch_ * pixels, channels},
                              {kPartitions * batch_ * pixels, tiles},
                              {pixels, images.size},
                              {1, rows * width_}}));
    });
    to_.tiles("features", maps_.size, kPartitions, [&](const Tile& maps) {
      const Index& taking_turns = maps_.size > kPartitions ? maps.index : now;
      const Expr result = result_.offset(taking_turns);
      const Expr banks = taking_turns.turn(to_.banks() / products_at_once_,
                                           products_at_once_ * to_.bank(num::Dtype::Fp32));
      product_number_ = 0;
      Lowering::unrolled_tiles(images.size, tile_images_, [&](const Tile& image) {
        strip_products(Strip{strip, first_row, turn + image.start * image_elements(),
                             result + image.start * (strip.size * out_width_), banks},
                       image.size, maps);
      });
      const std::int64_t out_pixels = out_height_ * out_width_;
      const std::int64_t run = strip.size * out_width_;
      to_.store(to_.tensor(out_).at(
                    (maps_.start + maps.start) * (batch_ * out_pixels) +
                        (images_.start + images.start) * out_pixels + strip.start * out_width_,
                    {{batch_ * out_pixels, maps.size}, {out_pixels, images.size}, {1, run}}),
                result_.buffer.at(0, maps.size, result, {{run, images.size}, {1, run}}));
    });
  }

  /// Where the strip of some images lies on chip.
  struct Strip {
    const Tile& rows;              // of the output
    std::int64_t first_input_row;  // loaded
    Expr image;
    Expr result;
    Expr banks;  // of PSUM, for its products
  };

  void strip_products(const Strip& strip, std::int64_t images, const Tile& maps) {
    Lowering::unrolled_tiles(strip.rows.size, tile_rows_, [&](const Tile& rows) {
      Lowering::unrolled_tiles(out_width_, tile_columns_, [&](const Tile& columns) {
        const std::int64_t bank = product_number_++ % products_at_once_;
        const Expr psum = strip.banks + bank * to_.bank(num::Dtype::Fp32);
        multiply(strip, {images, rows, columns}, maps, psum);
        const std::int64_t pixels = rows.size * columns.size;
        finish(
            result_.buffer.at(0, maps.size, strip.result + rows.start * out_width_ + columns.start,
                              {{strip.rows.size * out_width_, images},
                               {out_width_, rows.size},
                               {1, columns.size}}),
            product_.at(0, maps.size, psum,
                        {{pixels, images}, {columns.size, rows.size}, {1, columns.size}}),
            maps);
      });
    });
  }

  /// Columns of a product: pixels of some images.
  struct Pixels {
    std::int64_t images;
    const Tile& rows;  // within the strip
    const Tile& columns;
  };

  void multiply(const Strip& strip, const Pixels& pixels, const Tile& maps, const Expr& psum) {
    to_.tiles("contract", channels_, kPartitions, [&](const Tile& channels) {
      const std::int64_t complete = padding_ * window_width_ + padding_;
      for (std::int64_t i = 0; i < windows_; ++i) {
        const std::int64_t position = i == 0 ? complete : i <= complete ? i - 1 : i;
        const std::int64_t first_row = strip.rows.start.constant + pixels.rows.start.constant;
        const Reach rows = reach(first_row, pixels.rows.size, position / window_width_, stride_,
                                 padding_, height_);
        const Reach columns = reach(pixels.columns.start.constant, pixels.columns.size,
                                    position % window_width_, stride_, padding_, width_);
        if (rows.count == 0 || columns.count == 0) {
          continue;
        }
        const std::int64_t into = (rows.first - first_row) * pixels.columns.size + columns.first -
                                  pixels.columns.start.constant;
        const std::int64_t from = (rows.input - strip.first_input_row) * width_ + columns.input;
        b_.nc_matmul(
            product_.at(0, maps.size, psum + into,
                        {{pixels.rows.size * pixels.columns.size, pixels.images},
                         {pixels.columns.size, rows.count},
                         {1, columns.count}}),
            weights_.at(
                0, channels.size,
                channels.index.times(windows_ * maps_.size) + position * maps_.size + maps.start,
                {{1, maps.size}}),
            image_.buffer.at(0, channels.size,
                             strip.image + channels.index.times(group_ * image_elements()) + from,
                             {{image_elements(), pixels.images},
                              {stride_ * width_, rows.count},
                              {stride_, columns.count}}),
            channels.index.times(1) + i);
      }
    });
  }

  void finish(const Access& into, const Access& from, const Tile& maps) {
    const num::Activation function = activation_function(call_.text("activation", "none"));
    const isa::ScalarOperand bias =
        call_.has_input(2) ? per_partition(bias_.at(0, maps.size, maps.index.times(1), {{1, 1}}))
                           : immediate(0);
    vector_next_ = !vector_next_;
    if (vector_next_ && function == num::Activation::Relu) {
      b_.tensor_scalar(Engine::Vector, into, from, num::AluOp::Add, bias, num::AluOp::Maximum,
                       immediate(0));
    } else if (vector_next_ && function == num::Activation::Copy) {
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
  const std::int64_t window_height_, window_width_, windows_, channels_, batch_, height_, width_,
      features_;
  const std::int64_t out_height_, out_width_, stride_, padding_, channel_tiles_;
  Share images_, maps_;                                              // this core's
  std::int64_t group_ = 1;                                           // images loaded at once
  std::int64_t strip_ = 1;                                           // output rows at once
  std::int64_t tile_images_ = 1, tile_rows_ = 1, tile_columns_ = 1;  // of a product
  std::int64_t products_at_once_ = 1;  // of a block, each in a bank of its own
  std::int64_t product_number_ = 0;    // within the block
  Turns image_, result_;
  BufferRef weights_, bias_, product_;
  bool vector_next_ = false;
};

}  // namespace

void lower_conv2d(Lowering& to, const Call& call) {
  Conv2d(to, call).run();
}

}  // namespace nsim::ml
