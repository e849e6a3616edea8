package dev.osteon.app.segment;

import dev.osteon.app.UserError;
import dev.osteon.engine.backend.UserCache;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The two halves of a Segment Anything model in ONNX: {@code encoder.onnx} and {@code decoder.onnx} in one folder.
 */
public record SamFiles(Path encoder, Path decoder) {

    /** Where {@code osteon models} puts them, and where they are looked for when no folder is given. */
    public static Path home() {
        return UserCache.of("sam");
    }

    /**
     * The files in a folder, by default {@link #home}.
     *
     * @throws UserError saying how to get them when one is missing
     */
    public static SamFiles in(Optional<Path> given) {
        Path folder = given.orElseGet(SamFiles::home);
        SamFiles files = new SamFiles(folder.resolve("encoder.onnx"), folder.resolve("decoder.onnx"));
        for (Path file : new Path[] {files.encoder, files.decoder}) {
            if (!Files.isRegularFile(file)) {
                throw new UserError("--sam: no " + file.getFileName() + " in " + folder + "; expected encoder.onnx and "
                        + "decoder.onnx of a Segment Anything model; osteon models lists some and fetches them");
            }
        }
        return files;
    }
}
