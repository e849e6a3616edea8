package dev.osteon.app.command;

import dev.osteon.app.segment.SamFiles;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Option;

/** The option of commands that need a Segment Anything model. */
final class SamOption {

    @Option(names = "--sam", paramLabel = "DIR", description = "Folder with encoder.onnx and decoder.onnx of a Segment "
            + "Anything model (default: where osteon models puts them).")
    private Optional<Path> folder;

    /** @throws dev.osteon.app.UserError saying how to get the files when one is missing */
    SamFiles files() {
        return SamFiles.in(folder);
    }
}
