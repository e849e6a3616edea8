package dev.osteon.app.image.dicom;

/** Whether the smallest value of a grey image is shown white or black (DICOM PS3.3, C.7.6.3.1.2). */
public enum Photometric {
    /** Smallest value white: inverted on reading. */
    MONOCHROME1,
    /** Smallest value black. */
    MONOCHROME2
}
