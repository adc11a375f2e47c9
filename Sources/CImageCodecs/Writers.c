// Writes JPEG and PNG into memory.
#include "CImageCodecs.h"
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <jpeglib.h>
#include <jerror.h>
#include <png.h>

/// The bytes written so far; owned by the function that returns them.
struct sink {
    uint8_t *bytes;
    size_t count, capacity;
};

static bool sink_reserve(struct sink *sink, size_t more) {
    if (more <= sink->capacity - sink->count) return true;
    size_t capacity = 2 * (sink->count + more) + 4096;
    uint8_t *larger = realloc(sink->bytes, capacity);
    if (!larger) return false;
    sink->bytes = larger;
    sink->capacity = capacity;
    return true;
}

static uint8_t *sink_result(struct sink sink, bool done, size_t *count) {
    if (!done) free(sink.bytes);
    *count = done ? sink.count : 0;
    return done ? sink.bytes : NULL;
}

// MARK: JPEG

struct jpeg_writer {
    struct jpeg_compress_struct info;
    struct jpeg_error_mgr errors;
    struct jpeg_destination_mgr destination;
    jmp_buf failure;
    struct sink *sink;
};

static void on_jpeg_error(j_common_ptr info) {
    longjmp(((struct jpeg_writer *)info->client_data)->failure, 1);
}

static void on_jpeg_output(j_common_ptr info) { (void)info; }

static void point_at_free_space(j_compress_ptr info) {
    struct jpeg_writer *writer = info->client_data;
    if (!sink_reserve(writer->sink, 4096)) ERREXIT1(info, JERR_OUT_OF_MEMORY, 0);
    writer->destination.next_output_byte = writer->sink->bytes + writer->sink->count;
    writer->destination.free_in_buffer = writer->sink->capacity - writer->sink->count;
}

static boolean on_jpeg_full(j_compress_ptr info) {
    struct sink *sink = ((struct jpeg_writer *)info->client_data)->sink;
    sink->count = sink->capacity;
    point_at_free_space(info);
    return TRUE;
}

static void on_jpeg_end(j_compress_ptr info) {
    struct jpeg_writer *writer = info->client_data;
    writer->sink->count = writer->sink->capacity - writer->destination.free_in_buffer;
}

static bool write_jpeg(
    struct jpeg_writer *writer, struct codec_raster raster, int quality, bool subsampled) {
    struct jpeg_compress_struct *info = &writer->info;
    info->err = jpeg_std_error(&writer->errors);
    writer->errors.error_exit = on_jpeg_error;
    writer->errors.output_message = on_jpeg_output;
    info->client_data = writer;
    if (setjmp(writer->failure)) return false;
    jpeg_create_compress(info);
    writer->destination.init_destination = point_at_free_space;
    writer->destination.empty_output_buffer = on_jpeg_full;
    writer->destination.term_destination = on_jpeg_end;
    info->dest = &writer->destination;
    info->image_width = raster.width;
    info->image_height = raster.height;
    info->input_components = (int)raster.channels;
    info->in_color_space = raster.channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(info);
    jpeg_set_quality(info, quality, TRUE);
    info->optimize_coding = TRUE;
    if (!subsampled) info->comp_info[0].h_samp_factor = info->comp_info[0].v_samp_factor = 1;
    jpeg_start_compress(info, TRUE);
    while (info->next_scanline < info->image_height) {
        JSAMPROW row = (JSAMPROW)(raster.pixels + raster.stride * info->next_scanline);
        jpeg_write_scanlines(info, &row, 1);
    }
    jpeg_finish_compress(info);
    return true;
}

uint8_t *codec_jpeg_write(struct codec_raster raster, int quality, bool subsampled, size_t *count) {
    struct sink sink = {0};
    struct jpeg_writer writer;
    memset(&writer, 0, sizeof writer);
    writer.sink = &sink;
    bool done = write_jpeg(&writer, raster, quality, subsampled);
    jpeg_destroy_compress(&writer.info);
    return sink_result(sink, done, count);
}

// MARK: PNG

static void on_png_write(png_structp png, png_bytep source, size_t count) {
    struct sink *sink = png_get_io_ptr(png);
    if (!sink_reserve(sink, count)) png_error(png, "out of memory");
    memcpy(sink->bytes + sink->count, source, count);
    sink->count += count;
}

static void on_png_flush(png_structp png) { (void)png; }

static void on_png_error(png_structp png, png_const_charp message) {
    (void)message;
    png_longjmp(png, 1);
}

static void on_png_warning(png_structp png, png_const_charp message) {
    (void)png;
    (void)message;
}

static bool write_png(
    png_structp png, png_infop info, struct codec_raster raster, struct codec_palette palette) {
    static const int color_types[] = {
        PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB, PNG_COLOR_TYPE_RGB_ALPHA};
    png_color colors[256];
    if (setjmp(png_jmpbuf(png))) return false;
    png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    int type = palette.count > 0 ? PNG_COLOR_TYPE_PALETTE : color_types[raster.channels - 1];
    png_set_IHDR(
        png, info, raster.width, raster.height, (int)raster.bit_depth, type, PNG_INTERLACE_NONE,
        PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    if (palette.count > 0) {
        memcpy(colors, palette.colors, (size_t)palette.count * sizeof *colors);
        png_set_PLTE(png, info, colors, palette.count);
    }
    png_write_info(png, info);
    const uint16_t one = 1;
    if (raster.bit_depth == 16 && *(const uint8_t *)&one == 1) png_set_swap(png);
    for (uint32_t row = 0; row < raster.height; row++)
        png_write_row(png, raster.pixels + row * raster.stride);
    png_write_end(png, info);
    return true;
}

uint8_t *codec_png_write(
    struct codec_raster raster, int level, struct codec_palette palette, size_t *count) {
    struct sink sink = {0};
    png_structp png = png_create_write_struct(
        PNG_LIBPNG_VER_STRING, NULL, on_png_error, on_png_warning);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    bool done = false;
    if (info) {
        png_set_write_fn(png, &sink, on_png_write, on_png_flush);
        png_set_compression_level(png, level);
        done = write_png(png, info, raster, palette);
    }
    png_destroy_write_struct(&png, &info);
    return sink_result(sink, done, count);
}

void codec_free(uint8_t *bytes) { free(bytes); }
