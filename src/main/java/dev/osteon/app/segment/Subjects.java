package dev.osteon.app.segment;

import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Whose radiograph a file is, by its name. */
final class Subjects {

    private final Pattern pattern;
    private final Map<String, Set<String>> foldersByStem;

    /**
     * @param pattern finds the subject in a file's name without its ending, or, when it has a slash, in the path: the
     *                first group, else the whole match
     * @param paths   of all files, below one folder, with slashes between
     */
    Subjects(Pattern pattern, Collection<String> paths) {
        this.pattern = pattern;
        this.foldersByStem = paths.stream().map(Subjects::withoutEnding).collect(Collectors.groupingBy(Subjects::name,
                Collectors.mapping(Subjects::folder, Collectors.toSet())));
    }

    /**
     * The subject: what the pattern finds, else the whole name. Files of one name in several folders are of several
     * subjects as long as the pattern takes no part of the name: the folder is in front then.
     */
    String of(String path) {
        String whole = withoutEnding(path);
        String name = name(whole);
        String found = found(pattern.pattern().contains("/") ? whole : name);
        return found.equals(name) && foldersByStem.get(name).size() > 1 ? whole : found;
    }

    private String found(String in) {
        Matcher matcher = pattern.matcher(in);
        if (!matcher.find()) {
            return in;
        }
        String found = matcher.groupCount() > 0 && matcher.group(1) != null ? matcher.group(1) : matcher.group();
        return found.isEmpty() ? in : found;   // else all that do not match were one subject
    }

    private static String withoutEnding(String path) {
        return path.substring(0, path.lastIndexOf('.'));
    }

    private static String name(String path) {
        return path.substring(path.lastIndexOf('/') + 1);
    }

    private static String folder(String path) {
        return path.substring(0, path.lastIndexOf('/') + 1);
    }
}
