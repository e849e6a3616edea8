/** Segment Anything from a pair of ONNX files: a picture's embedding, and masks from point prompts. */
package dev.osteon.models.sam;
