package dev.osteon.app.explain;

import java.util.List;

/**
 * A step of a loss.
 *
 * @param name    what comes out of it
 * @param formula in Unicode, with shapes
 * @param text    why it is done, and what to look at
 * @param shown   its values
 * @param code    the lines that computed them
 */
record Step(String name, String formula, String text, List<Heat> shown, Excerpt code) {

    Step {
        shown = List.copyOf(shown);
    }
}
