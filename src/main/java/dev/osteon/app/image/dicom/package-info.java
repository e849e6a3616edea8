/**
 * Single grey frames out of DICOM Part 10 files. Of a header only the elements listed in {@link
 * dev.osteon.app.image.dicom.Element} are ever read; all others are skipped without becoming text.
 */
package dev.osteon.app.image.dicom;
