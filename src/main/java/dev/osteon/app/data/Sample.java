package dev.osteon.app.data;

import java.nio.file.Path;

/**
 * One labelled picture.
 *
 * @param subject whom it is of; never in two parts of a split by subject
 * @param label   0 or 1
 * @param bone    which bone, empty where the table does not say
 */
public record Sample(Path file, String subject, int label, String bone) {}
