package dev.osteon.app.segment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.osteon.app.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LabelTableTest {

    @TempDir
    Path folder;

    private LabelTable read(String text) throws IOException {
        return LabelTable.read(Files.writeString(folder.resolve("scores.csv"), text.replace("|", "\n")));
    }

    @Test
    void segmentsGetTheLabelsOfTheirSubjects() throws IOException {
        Files.writeString(folder.resolve("segments.csv"), "file,subject,bone,segment\nx.png,p1,mc1,segments/x_mc1.png\n"
                + "x.png,p1,mc2,\ny.png,p2,mc1,segments/y_mc1.png\n");
        assertThat(read("\uFEFFSubject, T_Score,age|p1,-2.5,70|,,|").join(folder))
                .isEqualTo(new LabelTable.Joined(1, 1));
        assertThat(folder.resolve("labels.csv")).hasContent("file,subject,bone,t_score\n"
                + "segments/x_mc1.png,p1,mc1,-2.5\n");
        assertThatThrownBy(() -> read("subject,t_score|p3,1").join(folder)).isInstanceOf(UserError.class)
                .hasMessageContaining("names none of the subjects");
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', value = {
        "subject,t_score|p1; line 2: has 1 fields, the header has 2",
        "subject,t_score|p1,-1|p1,-2; line 3: subject p1 was named before",
        "subject,t_score|,-1; line 2: no subject",
        "subject,t_score,t_score|p1,-1,2; two columns are called t_score",
        "name,t_score|p1,-1; given columns [name, t_score]; expected subject",
        "''; given columns []"})
    void mistakesAreToldWithTheirLine(String text, String message) {
        assertThatThrownBy(() -> read(text)).isInstanceOf(UserError.class).hasMessageContaining(message)
                .hasMessageNotContaining("\n");
    }
}
