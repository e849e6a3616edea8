/** Grey images of 8 or 16 bits in memory and radiographs from PNG, JPEG, TIFF and DICOM files. */
package dev.osteon.app.image;
