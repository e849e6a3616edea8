package dev.osteon.app.segment;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class SubjectsTest {

    private static List<String> subjects(String pattern, String... paths) {
        Subjects subjects = new Subjects(Pattern.compile(pattern), List.of(paths));
        return List.of(paths).stream().map(subjects::of).toList();
    }

    @Test
    void theNameWithoutEndingOrThePartThatThePatternFinds() {
        assertThat(subjects(".*", "p1.png", "deep/p2.x.dcm")).containsExactly("p1", "p2.x");
        assertThat(subjects("^[^_]+", "p1_left.png", "v/p1_right.png")).containsExactly("p1", "p1");
        assertThat(subjects("_([0-9]+)", "a_17.png", "b.png")).containsExactly("17", "b");
        assertThat(subjects("[0-9]*", "a.png", "b.png")).containsExactly("a", "b");
    }

    @Test
    void filesOfOneNameInSeveralFoldersAreNotOnePerson() {
        assertThat(subjects(".*", "a/b/hand.png", "a_b/hand.png", "a/b/hand.jpg"))
                .containsExactly("a/b/hand", "a_b/hand", "a/b/hand");
        assertThat(subjects("^[^_]+", "a/hand.png", "b/hand.png")).containsExactly("a/hand", "b/hand");
    }

    @Test
    void aPatternWithASlashFindsFolders() {
        assertThat(subjects("^[^/]+", "p1/left.png", "p1/right.png", "p2/left.png")).containsExactly("p1", "p1", "p2");
    }
}
