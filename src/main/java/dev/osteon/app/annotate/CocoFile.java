package dev.osteon.app.annotate;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.osteon.app.image.GrayImage;
import dev.osteon.app.image.ImageFiles;
import dev.osteon.app.phantom.Bone;
import dev.osteon.app.phantom.BoneMask;
import dev.osteon.app.segment.Mask;
import dev.osteon.app.segment.PromptsFile;
import dev.osteon.app.segment.RadiographFolder;
import dev.osteon.engine.io.AtomicFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Masks in the format of COCO (Lin et al. 2014; cocodataset.org, "Data format"): one annotation for each mask, with an
 * uncompressed run-length code, column by column, beginning with the pixels outside.
 */
final class CocoFile {

    private static final ObjectMapper JSON = new ObjectMapper();

    private CocoFile() {}

    /** The masks that a folder holds of these images. */
    static List<Path> masks(RadiographFolder radiographs, Path out) {
        List<Path> masks = new ArrayList<>();
        for (String name : radiographs.images().keySet()) {
            for (Bone bone : Bone.values()) {
                Path mask = mask(out, name, bone);
                if (Files.isRegularFile(mask)) {
                    masks.add(mask);
                }
            }
        }
        return masks;
    }

    private static Path mask(Path out, String name, Bone bone) {
        return out.resolve("masks").resolve(name + "_" + bone.label() + ".png");
    }

    /** Writes {@code coco.json} with the images that have prompts, and returns the number of masks. */
    static int write(RadiographFolder radiographs, PromptsFile prompts, Path out) throws IOException {
        ObjectNode root = JSON.createObjectNode();
        root.putObject("info").put("description", "Bones in hand and wrist radiographs, segmented with Osteon");
        root.putArray("licenses");
        ArrayNode categories = root.putArray("categories");
        for (Bone bone : Bone.values()) {
            categories.addObject().put("id", bone.ordinal() + 1).put("name", bone.label())
                    .put("supercategory", "bone");
        }
        ArrayNode images = root.putArray("images");
        ArrayNode annotations = root.putArray("annotations");
        for (Map.Entry<String, Path> entry : radiographs.images().entrySet()) {
            String file = radiographs.relative(entry.getValue());
            int id = images.size() + 1;
            boolean listed = false;
            for (Bone bone : prompts.images().getOrDefault(file, Map.of()).keySet()) {
                Path path = mask(out, entry.getKey(), bone);
                if (Files.isRegularFile(path)) {
                    GrayImage picture = ImageFiles.read(path);
                    if (!listed) {
                        images.addObject().put("id", id).put("file_name", file).put("width", picture.width())
                                .put("height", picture.height());
                        listed = true;
                    }
                    annotate(annotations.addObject().put("id", annotations.size()).put("image_id", id), bone,
                            Mask.of(picture));
                }
            }
        }
        AtomicFile.write(out.resolve(Export.COCO), JSON.writeValueAsString(root) + "\n");
        return annotations.size();
    }

    private static void annotate(ObjectNode annotation, Bone bone, Mask mask) {
        BoneMask tight = BoneMask.of(bone, 0, 0, mask.width(), mask.inside());
        annotation.put("category_id", bone.ordinal() + 1).put("iscrowd", 0).put("area", tight.area());
        annotation.putArray("bbox").add(tight.x()).add(tight.y()).add(tight.width()).add(tight.height());
        ObjectNode segmentation = annotation.putObject("segmentation");
        segmentation.putArray("size").add(mask.height()).add(mask.width());
        ArrayNode counts = segmentation.putArray("counts");
        boolean inside = false;
        int run = 0;
        for (int i = 0; i < mask.inside().length; i++) {
            if (mask.inside()[i % mask.height() * mask.width() + i / mask.height()] != inside) {
                counts.add(run);
                run = 0;
                inside = !inside;
            }
            run++;
        }
        counts.add(run);
    }
}
