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

    /** Where a radiograph's mask of a bone is. */
    static Path mask(Path out, String name, Bone bone) {
        return out.resolve(ExportedFiles.MASKS).resolve(name + "_" + bone.label() + ".png");
    }

    /**
     * Writes {@code coco.json} with the images that have prompts.
     *
     * @param used the prompts of the images that the masks in {@code out} were made with; of other images it may hold
     *             masks of an earlier export, which are left out
     * @return the masks that are in it, in its order
     */
    static List<Path> write(RadiographFolder radiographs, PromptsFile used, Path out) throws IOException {
        List<Path> masks = new ArrayList<>();
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
            for (Bone bone : used.images().getOrDefault(file, Map.of()).keySet()) {
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
                    masks.add(path);
                }
            }
        }
        AtomicFile.write(out.resolve(ExportedFiles.COCO), JSON.writeValueAsString(root) + "\n");
        return masks;
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
