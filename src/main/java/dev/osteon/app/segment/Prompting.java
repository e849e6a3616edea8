package dev.osteon.app.segment;

import dev.osteon.app.image.GrayImage;
import dev.osteon.app.phantom.Bone;
import java.util.List;
import java.util.Map;

/** Where the prompts of an image come from: a file, or the image itself. */
@FunctionalInterface
public interface Prompting {

    /**
     * @param bones      as many as there are
     * @param confidence 0..1 for each of them
     * @param notes      what a person should look at, one line each
     */
    record Placed(Map<Bone, BonePrompt> bones, Map<Bone, Double> confidence, List<String> notes) {}

    /**
     * @param file  the image's name below the folder of images
     * @param image with bright bone
     */
    Placed place(String file, GrayImage image);

    /** Prompts that people placed, with full confidence. */
    static Prompting from(PromptsFile prompts) {
        return (file, image) -> {
            Map<Bone, BonePrompt> bones = prompts.of(file, image);
            Map<Bone, Double> sure = new java.util.EnumMap<>(Bone.class);
            bones.keySet().forEach(bone -> sure.put(bone, 1.0));
            return new Placed(bones, sure, bones.isEmpty() ? List.of("no prompts in the file") : List.of());
        };
    }
}
