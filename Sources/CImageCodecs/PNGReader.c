// Reads PNG with libpng, and sorts its errors and warnings into kinds of fault.
#include "CImageCodecs.h"
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <png.h>
#include <zlib.h>

struct codec_png_reader {
    png_structp png;
    png_infop info;
    const uint8_t *next;
    size_t left;
    bool ended, refused;
    struct codec_report report;
};

static void on_error(png_structp png, png_const_charp message) {
    struct codec_png_reader *reader = png_get_error_ptr(png);
    struct codec_report *report = &reader->report;
    report->fault = reader->ended && reader->refused              ? CODEC_FAULT_UNSUPPORTED
                    : reader->ended                               ? CODEC_FAULT_TRUNCATED
                    : strstr(message, "unhandled critical chunk") ? CODEC_FAULT_UNSUPPORTED
                    : strstr(message, "nsufficient memory")       ? CODEC_FAULT_TOO_LARGE
                    : strstr(message, "ut of memory")             ? CODEC_FAULT_TOO_LARGE
                                                                  : CODEC_FAULT_CORRUPT;
    snprintf(report->message, sizeof report->message, "%s", message);
    png_longjmp(png, 1);
}

/// libpng only warns when the checksum of the image data is wrong after the last row.
static void on_warning(png_structp png, png_const_charp message) {
    struct codec_png_reader *reader = png_get_error_ptr(png);
    if (strncmp(message, "IDAT", 4) == 0 && strstr(message, "incorrect data check"))
        on_error(png, message);
    if (reader->report.warnings++ == 0)
        snprintf(reader->report.message, sizeof reader->report.message, "%s", message);
}

static void on_read(png_structp png, png_bytep target, size_t count) {
    struct codec_png_reader *reader = png_get_io_ptr(png);
    if (count > reader->left) {
        reader->ended = true;
        png_error(png, reader->refused ? "unknown critical chunk" : "the file ends early");
    }
    memcpy(target, reader->next, count);
    reader->next += count;
    reader->left -= count;
}

/// Chunks that can occur many times or inflate to much more than they take, and hold no pixels.
static const png_byte passed_over[] = "tEXt\0zTXt\0iTXt\0iCCP\0sPLT";
enum { passed_over_count = 5, chunk_name_bytes = 4, chunk_frame_bytes = 12 };

static bool is_passed_over(const uint8_t *name) {
    for (int index = 0; index < passed_over_count; index++)
        if (memcmp(name, passed_over + index * (chunk_name_bytes + 1), chunk_name_bytes) == 0)
            return true;
    return false;
}

/// A capital first letter makes a chunk critical: without it the picture cannot be shown.
static bool is_unknown_critical(const uint8_t *name) {
    static const char known[] = "IHDRPLTEIDATIEND";
    for (size_t index = 0; index < sizeof known - 1; index += chunk_name_bytes)
        if (memcmp(name, known + index, chunk_name_bytes) == 0) return false;
    return name[0] >= 'A' && name[0] <= 'Z';
}

/// The first chunk from `start` on that has a property, or NULL. None is looked for behind the
/// `last` chunk, nor behind one that is not all there.
static const uint8_t *find_chunk(
    const uint8_t *start, size_t left, bool (*has_property)(const uint8_t *), const char *last) {
    while (left >= chunk_frame_bytes) {
        size_t length = png_get_uint_32(start);
        if (length > left - chunk_frame_bytes) return NULL;
        const uint8_t *name = start + 4;
        if (has_property(name)) return start;
        if (memcmp(name, last, chunk_name_bytes) == 0) return NULL;
        start += length + chunk_frame_bytes;
        left -= length + chunk_frame_bytes;
    }
    return NULL;
}

struct codec_png_reader *codec_png_reader_create(const uint8_t *bytes, size_t count) {
    struct codec_png_reader *reader = calloc(1, sizeof *reader);
    if (!reader) return NULL;
    reader->next = bytes;
    reader->left = count;
    reader->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, reader, on_error, on_warning);
    if (reader->png) reader->info = png_create_info_struct(reader->png);
    if (!reader->info || setjmp(png_jmpbuf(reader->png))) {
        codec_png_reader_destroy(reader);
        return NULL;
    }
    png_set_read_fn(reader->png, reader, on_read);
    png_set_user_limits(reader->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    // Passed over, such a chunk before IHDR would not be refused.
    if (!find_chunk(bytes + 8, count - 8, is_passed_over, "IHDR"))
        png_set_keep_unknown_chunks(
            reader->png, PNG_HANDLE_CHUNK_NEVER, passed_over, passed_over_count);
    return reader;
}

void codec_png_reader_destroy(struct codec_png_reader *reader) {
    if (!reader) return;
    png_destroy_read_struct(&reader->png, &reader->info, NULL);
    free(reader);
}

struct codec_report codec_png_reader_report(const struct codec_png_reader *reader) {
    return reader->report;
}

bool codec_png_read_header(struct codec_png_reader *reader, struct codec_png_header *header) {
    png_structp png = reader->png;
    if (setjmp(png_jmpbuf(png))) return false;
    png_read_info(png, reader->info);
    int color = png_get_color_type(png, reader->info);
    bool has_alpha =
        (color & PNG_COLOR_MASK_ALPHA) || png_get_valid(png, reader->info, PNG_INFO_tRNS);
    header->width = png_get_image_width(png, reader->info);
    header->height = png_get_image_height(png, reader->info);
    header->channels = ((color & PNG_COLOR_MASK_COLOR) ? 3 : 1) + (has_alpha ? 1 : 0);
    header->bit_depth = png_get_bit_depth(png, reader->info) == 16 ? 16 : 8;
    return true;
}

bool codec_png_start(struct codec_png_reader *reader, size_t *row_bytes) {
    png_structp png = reader->png;
    if (setjmp(png_jmpbuf(png))) return false;
    png_set_expand(png);
    const uint16_t one = 1;
    if (*(const uint8_t *)&one == 1) png_set_swap(png);
    png_set_interlace_handling(png);
    png_read_update_info(png, reader->info);
    *row_bytes = png_get_rowbytes(png, reader->info);
    return true;
}

bool codec_png_read_image(
    struct codec_png_reader *reader, uint8_t *pixels, size_t stride, uint32_t rows) {
    if (setjmp(png_jmpbuf(reader->png))) return false;
    int passes = png_get_interlace_type(reader->png, reader->info) == PNG_INTERLACE_ADAM7 ? 7 : 1;
    for (int pass = 0; pass < passes; pass++)
        for (uint32_t row = 0; row < rows; row++)
            png_read_row(reader->png, pixels + row * stride, NULL);
    return true;
}

bool codec_png_finish(struct codec_png_reader *reader) {
    // libpng no longer looks at names here: the file ends for it with a chunk that it must refuse.
    const uint8_t *unknown = find_chunk(reader->next, reader->left, is_unknown_critical, "IEND");
    if (unknown) {
        reader->refused = true;
        reader->left = unknown + png_get_uint_32(unknown) + chunk_frame_bytes - reader->next;
    }
    if (setjmp(png_jmpbuf(reader->png))) return false;
    png_read_end(reader->png, NULL);
    return true;
}

uint32_t codec_crc32(const uint8_t *bytes, size_t count) {
    return (uint32_t)crc32_z(0, bytes, count);
}
