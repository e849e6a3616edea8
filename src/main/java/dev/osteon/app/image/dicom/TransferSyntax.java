package dev.osteon.app.image.dicom;

/** How a data set and its pixels are coded (DICOM PS3.5, section 10 and annex A). */
public enum TransferSyntax {
    IMPLICIT_LITTLE_ENDIAN("1.2.840.10008.1.2", "implicit VR little endian", Coding.NATIVE),
    EXPLICIT_LITTLE_ENDIAN("1.2.840.10008.1.2.1", "explicit VR little endian", Coding.NATIVE),
    DEFLATED("1.2.840.10008.1.2.1.99", "deflated explicit VR little endian", Coding.NATIVE),
    EXPLICIT_BIG_ENDIAN("1.2.840.10008.1.2.2", "explicit VR big endian", Coding.NATIVE),
    RLE("1.2.840.10008.1.2.5", "RLE lossless", Coding.RLE),
    JPEG_BASELINE("1.2.840.10008.1.2.4.50", "JPEG baseline", Coding.JPEG),
    JPEG_EXTENDED("1.2.840.10008.1.2.4.51", "JPEG extended", Coding.JPEG),
    JPEG_LOSSLESS("1.2.840.10008.1.2.4.57", "JPEG lossless", Coding.JPEG_LOSSLESS),
    JPEG_LOSSLESS_FIRST_ORDER("1.2.840.10008.1.2.4.70", "JPEG lossless, first-order prediction",
            Coding.JPEG_LOSSLESS),
    JPEG_2000_LOSSLESS("1.2.840.10008.1.2.4.90", "JPEG 2000, lossless only", Coding.JPEG_2000),
    JPEG_2000("1.2.840.10008.1.2.4.91", "JPEG 2000", Coding.JPEG_2000);

    /** How the pixels are coded. */
    enum Coding { NATIVE, RLE, JPEG, JPEG_LOSSLESS, JPEG_2000 }

    private final String uid;
    private final String title;
    private final Coding coding;

    TransferSyntax(String uid, String title, Coding coding) {
        this.uid = uid;
        this.title = title;
        this.coding = coding;
    }

    static TransferSyntax of(String uid) throws DicomException {
        for (TransferSyntax syntax : values()) {
            if (syntax.uid.equals(uid)) {
                return syntax;
            }
        }
        // The standard's own UIDs name nobody; anything else in this place is not repeated.
        String name = uid.matches("1\\.2\\.840\\.10008\\.1\\.2[0-9.]{0,16}") ? " " + uid : "";
        throw new DicomException("transfer syntax" + name + " is not supported; convert the file to explicit VR little "
                + "endian, for instance with gdcmconv --raw");
    }

    /** The identifier of the standard. */
    public String uid() {
        return uid;
    }

    /** A name in words. */
    public String title() {
        return title;
    }

    Coding coding() {
        return coding;
    }
}
