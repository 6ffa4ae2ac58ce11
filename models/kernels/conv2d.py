# SPDX-License-Identifier: Apache-2.0
"""Two-dimensional convolution without an unfolded copy of the image."""
import nki
import nki.isa as nisa
import nki.language as nl
import numpy as np
from gallery import Example, tiles

P = 128
F = 512  # pixels of a product


@nki.jit
def conv2d(image, weights):
    """image [batch, channels, height, width] and weights [kernel height, kernel width, channels, filters], stride 1, no
    padding: [batch, filters, height - kernel height + 1, width - kernel width + 1]. A row of the result has at
    most 512 pixels.

    Channels are on partitions. A place (i, j) of the kernel is a product of its [channels, filters] with a view of the
    image shifted by it; all places and tiles of channels add up in PSUM, for as many whole rows as a product has
    columns. Weights stay in SBUF, the rows of the image that a product sees are loaded for all filters together.

    Simulated (batch 1, channels 256, filters 256, size 66, kernel 3, bfloat16): trn1 82.5 us, trn2 86.6 us, trn3 85.4 us.
    """
    batch, channels, height, width = image.shape
    kernel_h, kernel_w, _, filters = weights.shape
    out_h, out_w = height - kernel_h + 1, width - kernel_w + 1
    out = nl.ndarray((batch, filters, out_h, out_w), dtype=image.dtype, buffer=nl.shared_hbm)
    channel_tiles, filter_tiles = tiles(channels, P), tiles(filters, P)
    held = []
    for first, count in channel_tiles:
        tile = nl.ndarray((count, kernel_h, kernel_w, filters), dtype=weights.dtype, buffer=nl.sbuf)
        nisa.dma_copy(dst=tile, src=weights[:, :, first:first + count, :].permute((2, 0, 1, 3)))
        held.append(tile)
    for b in nl.affine_range(batch):
        for row, rows in tiles(out_h, max(1, F // out_w)):
            parts = []
            for first, count in channel_tiles:
                tile = nl.ndarray((count, rows + kernel_h - 1, width), dtype=image.dtype, buffer=nl.sbuf)
                nisa.dma_copy(dst=tile, src=image[b, first:first + count, row:row + rows + kernel_h - 1, :])
                parts.append(tile)
            for first, count in filter_tiles:
                acc = nl.ndarray((count, rows, out_w), dtype=nl.float32, buffer=nl.psum)
                for weight, part in zip(held, parts):
                    for i in nl.affine_range(kernel_h):
                        for j in nl.affine_range(kernel_w):
                            nisa.nc_matmul(dst=acc, stationary=weight[:, i, j, first:first + count],
                                           moving=part[:, i:i + rows, j:j + out_w])
                tile = nl.ndarray((count, rows, out_w), dtype=image.dtype, buffer=nl.sbuf)
                nisa.tensor_copy(dst=tile, src=acc)
                nisa.dma_copy(dst=out[b, first:first + count, row:row + rows, :], src=tile)
    return out


def shapes(batch, channels, filters, size, kernel):
    return (batch, channels, size, size), (kernel, kernel, channels, filters)


def reference(image, weights):
    kernel_h, kernel_w = weights.shape[:2]
    out_h, out_w = image.shape[2] - kernel_h + 1, image.shape[3] - kernel_w + 1
    image = image.astype(np.float64)
    return sum(np.einsum("bchw,cf->bfhw", image[:, :, i:i + out_h, j:j + out_w], weights[i, j])
               for i in range(kernel_h) for j in range(kernel_w))


EXAMPLES = [Example(conv2d, shapes, reference, 1e-5, {"batch": 2, "channels": 160, "filters": 144, "size": 20, "kernel": 3},
                    {"batch": 1, "channels": 256, "filters": 256, "size": 66, "kernel": 3})]
