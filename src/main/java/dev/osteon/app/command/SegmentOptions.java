package dev.osteon.app.command;

import dev.osteon.app.UserError;
import dev.osteon.app.segment.Prompting;
import dev.osteon.app.segment.PromptsFile;
import dev.osteon.app.segment.SamFiles;
import dev.osteon.app.segment.Segmentation;
import dev.osteon.app.segment.auto.HandPrompts;
import dev.osteon.engine.tensor.Device;
import java.io.IOException;
import java.nio.file.Path;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options of commands that begin with radiographs. */
final class SegmentOptions {

    @Option(names = "--prompts", defaultValue = "auto", paramLabel = "FILE|auto", description = "Prompts file (JSON), "
            + "or auto (default), which finds the bones in the image.")
    private String prompts;

    @Mixin
    private SamOption sam = new SamOption();

    @Option(names = "--subject-pattern", defaultValue = ".*", paramLabel = "REGEX", description = "Finds the subject "
            + "in a file's name without its ending: the first group, or the match (default: all of it). \"^[^_]+\" is "
            + "the part before the first underscore. With a slash in it, it looks at the path below the folder: "
            + "\"^[^/]+\" is the first folder.")
    private String subject;

    SamFiles sam() {
        return sam.files();
    }

    Prompting prompting() {
        return prompts.equals("auto") ? new HandPrompts() : Prompting.from(PromptsFile.read(Path.of(prompts)));
    }

    /** What is about to be done with radiographs, for a person who is going to wait for it. */
    String describe(Segmentation segmentation, Device device) throws IOException {
        return "segmenting " + segmentation.plan(sam(), device) + "; prompts " + prompts;
    }

    Pattern subjectPattern() {
        try {
            return Pattern.compile(subject);
        } catch (PatternSyntaxException e) {
            throw new UserError("--subject-pattern: given " + subject + ", which is no regular expression: "
                    + e.getDescription(), e);
        }
    }
}
