// Reads JPEG with libjpeg-turbo, and sorts its errors and warnings into kinds of fault.
#include "CImageCodecs.h"
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <jpeglib.h>
#include <jerror.h>

struct codec_jpeg_reader {
    struct jpeg_decompress_struct info;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf failure;
    bool lenient;
    struct codec_report report;
};

static struct codec_jpeg_reader *reader_of(j_common_ptr info) {
    return (struct codec_jpeg_reader *)info->client_data;
}

static void keep_message(j_common_ptr info, struct codec_report *report) {
    char text[JMSG_LENGTH_MAX];
    info->err->format_message(info, text);
    snprintf(report->message, sizeof report->message, "%s", text);
}

/// DE and DF (DHP, EXP) belong to hierarchical JPEG, F7 and F8 (SOF55, LSE) to JPEG-LS.
static bool is_other_process(int marker) {
    return marker == 0xDE || marker == 0xDF || marker == 0xF7 || marker == 0xF8;
}

static enum codec_fault fault_of_error(j_common_ptr info) {
    switch (info->err->msg_code) {
    case JERR_BAD_PRECISION:
    case JERR_COMPONENT_COUNT:
    case JERR_SOF_UNSUPPORTED:
    case JERR_FRACT_SAMPLE_NOTIMPL:
    case JERR_CCIR601_NOTIMPL:
    case JERR_CONVERSION_NOTIMPL:
    case JERR_ARITH_NOTIMPL:
    case JERR_NOT_COMPILED:
        return CODEC_FAULT_UNSUPPORTED;
    case JERR_UNKNOWN_MARKER:
        return is_other_process(info->err->msg_parm.i[0]) ? CODEC_FAULT_UNSUPPORTED
                                                          : CODEC_FAULT_CORRUPT;
    case JERR_IMAGE_TOO_BIG:
    case JERR_WIDTH_OVERFLOW:
    case JERR_OUT_OF_MEMORY:
        return CODEC_FAULT_TOO_LARGE;
    default:
        return CODEC_FAULT_CORRUPT;
    }
}

/// An error after a warning that was let pass keeps the kind and the text of that warning.
static void on_error(j_common_ptr info) {
    struct codec_jpeg_reader *reader = reader_of(info);
    if (reader->report.fault == CODEC_FAULT_NONE) {
        reader->report.fault = fault_of_error(info);
        keep_message(info, &reader->report);
    }
    longjmp(reader->failure, 1);
}

static bool is_notice(int code) {
    return code == JWRN_EXTRANEOUS_DATA || code == JWRN_ADOBE_XFORM || code == JWRN_JFIF_MAJOR ||
           code == JWRN_NOT_SEQUENTIAL;
}

/// Four warnings leave the pixels alone. Any other is a fault, which passes in lenient mode only,
/// and only once the first scan has given a full row of MCUs.
static void on_message(j_common_ptr info, int level) {
    struct codec_jpeg_reader *reader = reader_of(info);
    if (level >= 0) return;
    struct codec_report *report = &reader->report;
    if (report->warnings < INT32_MAX) report->warnings++;
    if (is_notice(info->err->msg_code)) {
        if (report->warnings == 1) keep_message(info, report);
        return;
    }
    if (report->fault != CODEC_FAULT_NONE) return;
    report->fault =
        info->err->msg_code == JWRN_JPEG_EOF ? CODEC_FAULT_TRUNCATED : CODEC_FAULT_CORRUPT;
    keep_message(info, report);
    const struct jpeg_decompress_struct *decoder = &reader->info;
    bool has_row = decoder->input_scan_number > 1 ||
                   (decoder->input_scan_number == 1 && decoder->input_iMCU_row > 0);
    if (!reader->lenient || !has_row) longjmp(reader->failure, 1);
}

static void on_output(j_common_ptr info) { (void)info; }

/// Pixels that all scans together may pass over: 32 scans of the largest picture.
static const uint64_t most_scanned = 3200000000;

/// Ends files whose many scans of few bytes would take minutes.
static void on_progress(j_common_ptr info) {
    struct codec_jpeg_reader *reader = reader_of(info);
    const struct jpeg_decompress_struct *decoder = &reader->info;
    uint64_t pixels = (uint64_t)decoder->image_width * decoder->image_height;
    if (pixels * (uint64_t)decoder->input_scan_number <= most_scanned) return;
    reader->report.fault = CODEC_FAULT_TOO_LARGE;
    snprintf(reader->report.message, sizeof reader->report.message,
             "%d scans of %u x %u pixels are too much work", decoder->input_scan_number,
             decoder->image_width, decoder->image_height);
    longjmp(reader->failure, 1);
}

struct codec_jpeg_reader *codec_jpeg_reader_create(const uint8_t *bytes, size_t count, bool lenient) {
    struct codec_jpeg_reader *reader = calloc(1, sizeof *reader);
    if (!reader) return NULL;
    reader->lenient = lenient;
    reader->info.err = jpeg_std_error(&reader->errors);
    reader->errors.error_exit = on_error;
    reader->errors.emit_message = on_message;
    reader->errors.output_message = on_output;
    reader->info.client_data = reader;
    if (setjmp(reader->failure)) {
        codec_jpeg_reader_destroy(reader);
        return NULL;
    }
    jpeg_create_decompress(&reader->info);
    jpeg_mem_src(&reader->info, bytes, count);
    return reader;
}

void codec_jpeg_reader_destroy(struct codec_jpeg_reader *reader) {
    if (!reader) return;
    jpeg_destroy_decompress(&reader->info);
    free(reader);
}

struct codec_report codec_jpeg_reader_report(const struct codec_jpeg_reader *reader) {
    return reader->report;
}

static void fill_header(const struct jpeg_decompress_struct *info, struct codec_jpeg_header *header) {
    header->width = info->image_width;
    header->height = info->image_height;
    header->components = (uint32_t)info->num_components;
    header->has_adobe_marker = info->saw_Adobe_marker;
}

bool codec_jpeg_read_header(struct codec_jpeg_reader *reader, struct codec_jpeg_header *header) {
    if (setjmp(reader->failure)) {
        fill_header(&reader->info, header);
        return false;
    }
    jpeg_read_header(&reader->info, TRUE);
    fill_header(&reader->info, header);
    return true;
}

bool codec_jpeg_start(struct codec_jpeg_reader *reader, uint32_t reduction, uint32_t size[2]) {
    if (setjmp(reader->failure)) return false;
    struct jpeg_decompress_struct *info = &reader->info;
    reader->progress.progress_monitor = on_progress;
    info->progress = &reader->progress;
    info->scale_num = 1;
    info->scale_denom = reduction;
    info->dct_method = JDCT_ISLOW;
    info->out_color_space = info->num_components == 1   ? JCS_GRAYSCALE
                            : info->num_components == 3 ? JCS_RGB
                                                        : JCS_CMYK;
    jpeg_start_decompress(info);
    size[0] = info->output_width;
    size[1] = info->output_height;
    return true;
}

bool codec_jpeg_read_rows(
    struct codec_jpeg_reader *reader, uint8_t *pixels, size_t stride, uint32_t rows) {
    if (setjmp(reader->failure)) return false;
    JDIMENSION last = reader->info.output_scanline + rows;
    uint8_t *row = pixels;
    while (reader->info.output_scanline < last) {
        JSAMPROW pointer = row;
        JDIMENSION delivered = jpeg_read_scanlines(&reader->info, &pointer, 1);
        row += stride * delivered;
    }
    return true;
}

bool codec_jpeg_finish(struct codec_jpeg_reader *reader) {
    if (setjmp(reader->failure)) return false;
    jpeg_finish_decompress(&reader->info);
    return true;
}
