package dev.osteon.app.segment;

import dev.osteon.app.UserError;
import dev.osteon.app.image.GrayImage;
import dev.osteon.app.phantom.Bone;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** Where the prompts of images come from: a file, or the images themselves. */
@FunctionalInterface
public interface Prompting {

    /**
     * @param bones      as many as there are
     * @param confidence 0..1 for each of them
     * @param doubts     what a person should look at of a bone, with or without a prompt
     * @param notes      what a person should look at of the whole image, one line each
     */
    record Placed(Map<Bone, BonePrompt> bones, Map<Bone, Double> confidence, Map<Bone, String> doubts,
            List<String> notes) {}

    /**
     * The prompts of one image.
     *
     * @param file  the image's name below the folder of images
     * @param image with bright bone
     * @throws UserError naming the file when prompts for it cannot be used
     */
    Placed place(String file, GrayImage image);

    /**
     * Looks whether these images can be prompted, before anything is done with them.
     *
     * @param files their names below the folder of images
     * @throws UserError when there are prompts for none
     */
    default void check(List<String> files) {}

    /** Whether an image may get a prompt, as far as its name tells. */
    default boolean mayPlace(String file) {
        return true;
    }

    /** Prompts that people placed, with full confidence. */
    static Prompting from(PromptsFile prompts) {
        return new Prompting() {
            @Override
            public Placed place(String file, GrayImage image) {
                Map<Bone, BonePrompt> bones;
                try {
                    bones = prompts.of(file, image);
                } catch (IllegalArgumentException e) {
                    throw new UserError("--prompts: " + e.getMessage(), e);
                }
                Map<Bone, Double> sure = new EnumMap<>(Bone.class);
                bones.keySet().forEach(bone -> sure.put(bone, 1.0));
                return new Placed(bones, sure, Map.of(), bones.isEmpty() ? List.of("no prompts in the file")
                        : List.of());
            }

            @Override
            public boolean mayPlace(String file) {
                return !prompts.images().getOrDefault(file, Map.of()).isEmpty();
            }

            @Override
            public void check(List<String> files) {
                if (files.stream().noneMatch(this::mayPlace)) {
                    throw new UserError("--prompts: a bone in none of the " + files.size() + " images; expected names "
                            + "below the folder of images, as " + files.getFirst() + ", each with a bone at least; "
                            + "given " + prompts.images().keySet().stream().findFirst().map(name -> name + " first")
                                    .orElse("no image"));
                }
            }
        };
    }
}
