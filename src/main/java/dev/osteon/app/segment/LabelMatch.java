package dev.osteon.app.segment;

import dev.osteon.app.UserError;
import dev.osteon.app.config.RunConfig;
import dev.osteon.app.data.LabelRow;
import dev.osteon.app.data.LabelsException;
import dev.osteon.app.phantom.Bone;
import dev.osteon.ssl.metrics.Splits;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Radiographs and the rows of a {@link LabelTable}, before anything is segmented.
 *
 * @param table    the table's file
 * @param labelled the label of each radiograph that has one, by file
 * @param without  files without a label
 * @param unused   subjects of rows that are no radiograph's
 */
public record LabelMatch(Path table, Map<String, LabelRow> labelled, List<String> without, List<String> unused) {

    private static final int NAMED_AT_MOST = 3;

    /** Whether each radiograph has a label, and each label a radiograph. */
    public boolean isComplete() {
        return without.isEmpty() && unused.isEmpty();
    }

    /** How many match, and what does not, in a line. */
    public String describe() {
        return labelled.size() + " of " + (labelled.size() + without.size()) + " images have a label"
                + (without.isEmpty() ? "" : "; without one: " + some(without))
                + (unused.isEmpty() ? "" : "; rows of " + table.getFileName() + " without an image: " + some(unused));
    }

    private static String some(List<String> names) {
        return names.stream().limit(NAMED_AT_MOST).collect(Collectors.joining(", "))
                + (names.size() > NAMED_AT_MOST ? " and " + (names.size() - NAMED_AT_MOST) + " more" : "");
    }

    /**
     * Looks whether these radiographs can make a run, if each bone is found in all of them that may have prompts.
     *
     * @param data what the run makes of labels, and how it divides samples
     * @throws UserError       when a class would be missing, or be too small for the split
     * @throws LabelsException when a label is not understood
     */
    public void require(RunConfig.Data data, Prompting prompting) throws LabelsException {
        boolean bySubject = data.split() == RunConfig.Data.SplitBy.SUBJECT;
        List<Set<String>> groups = List.of(new HashSet<>(), new HashSet<>());
        int promptless = 0;
        int leftOut = 0;
        for (Map.Entry<String, LabelRow> image : labelled.entrySet()) {
            OptionalInt label = image.getValue().classFor(data.task());
            if (label.isEmpty()) {
                leftOut++;
            } else if (!prompting.mayPlace(image.getKey())) {
                promptless++;
            } else {
                groups.get(label.getAsInt()).add(bySubject ? image.getValue().fields().get("subject") : image.getKey());
            }
        }
        int each = bySubject ? 1 : Bone.values().length;
        if (groups.stream().anyMatch(names -> names.size() * each < Splits.LEAST_GROUPS)) {
            throw new UserError("--labels: " + table + ": for task " + data.task().label() + " there are "
                    + groups.get(1).size() + (bySubject ? " subjects" : " images") + " with osteoporosis and "
                    + groups.get(0).size() + " without; expected at least " + Math.ceilDiv(Splits.LEAST_GROUPS, each)
                    + " of each" + (bySubject ? ", one for each of training, validation and test" : "")
                    + "; add images or labels (" + describe()
                    + (leftOut == 0 ? "" : "; the task leaves out " + leftOut + " with osteopenia")
                    + (promptless == 0 ? "" : "; " + promptless + " have no prompts") + ")");
        }
    }
}
