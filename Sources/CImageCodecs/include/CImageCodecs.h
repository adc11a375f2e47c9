// The doors to libjpeg and libpng. Both report errors by longjmp, which must not cross Swift
// frames: every function here catches it and returns, and the report says what happened.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// What stopped a codec, or would stop it in strict mode.
enum codec_fault {
    CODEC_FAULT_NONE = 0,
    CODEC_FAULT_UNSUPPORTED = 1,
    CODEC_FAULT_TOO_LARGE = 2,
    CODEC_FAULT_TRUNCATED = 3,
    CODEC_FAULT_CORRUPT = 4,
};

/// The first fault that was met, the number of warnings let pass, and the text of the first of them.
struct codec_report {
    enum codec_fault fault;
    int32_t warnings;
    char message[208];
};

// MARK: JPEG, reading. The bytes must stay in place until the reader is destroyed.
struct codec_jpeg_reader;
struct codec_jpeg_header {
    uint32_t width, height, components;
    bool has_adobe_marker;
};
struct codec_jpeg_reader *codec_jpeg_reader_create(const uint8_t *bytes, size_t count, bool lenient);
void codec_jpeg_reader_destroy(struct codec_jpeg_reader *reader);
struct codec_report codec_jpeg_reader_report(const struct codec_jpeg_reader *reader);
/// Reads the segments up to the first SOS. `header` is filled as far as it is known, errors too.
bool codec_jpeg_read_header(struct codec_jpeg_reader *reader, struct codec_jpeg_header *header);
/// Begins to decode at 1 / `reduction` (1, 2, 4, 8) of the size; `size` gets width and height.
bool codec_jpeg_start(struct codec_jpeg_reader *reader, uint32_t reduction, uint32_t size[2]);
/// Decodes the next `rows` rows: grey, RGB, or CMYK as stored.
bool codec_jpeg_read_rows(struct codec_jpeg_reader *reader, uint8_t *pixels, size_t stride, uint32_t rows);
/// Reads on to the end of the image, so that what is missing or surplus there is noticed.
bool codec_jpeg_finish(struct codec_jpeg_reader *reader);

// MARK: PNG, reading. The bytes must stay in place until the reader is destroyed.
struct codec_png_reader;
struct codec_png_header {
    uint32_t width, height, channels, bit_depth;
};
/// `bytes` begins with the signature of PNG.
struct codec_png_reader *codec_png_reader_create(const uint8_t *bytes, size_t count);
void codec_png_reader_destroy(struct codec_png_reader *reader);
struct codec_report codec_png_reader_report(const struct codec_png_reader *reader);
/// Reads the chunks up to the first IDAT; `header` gets what the pixels will be once expanded to
/// 8 or native 16 bits. Allocates nothing that grows with the picture.
bool codec_png_read_header(struct codec_png_reader *reader, struct codec_png_header *header);
/// Arranges the expansion and allocates a few rows.
bool codec_png_start(struct codec_png_reader *reader, size_t *row_bytes);
/// Decodes all rows, all passes of an interlaced image.
bool codec_png_read_image(struct codec_png_reader *reader, uint8_t *pixels, size_t stride, uint32_t rows);
/// Reads on to IEND; refuses an unknown critical chunk before it.
bool codec_png_finish(struct codec_png_reader *reader);
/// The CRC of PNG chunks.
uint32_t codec_crc32(const uint8_t *bytes, size_t count);

// MARK: Writing. The result is malloc'ed and belongs to the caller; NULL when memory ran out.
struct codec_raster {
    const uint8_t *pixels;
    size_t stride;
    uint32_t width, height, channels, bit_depth;
};
/// `quality` 1 to 100; `subsampled` chooses 4:2:0 over 4:4:4. One or three channels of 8 bits.
uint8_t *codec_jpeg_write(struct codec_raster raster, int quality, bool subsampled, size_t *count);
/// RGB triples for one channel of 8 bits; `count` 0 means no palette, at most 256.
struct codec_palette {
    const uint8_t *colors;
    int count;
};
uint8_t *codec_png_write(
    struct codec_raster raster, int level, struct codec_palette palette, size_t *count);
void codec_free(uint8_t *bytes);
