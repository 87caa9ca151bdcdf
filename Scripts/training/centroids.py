"""The task `centroids`: examples, loss and measure of networks that find each fish's middle."""

import numpy as np

from . import augmentation, losses, measurement, network, targets


class Centroids:
    """What the training loop asks of a task, for grids of scores and, optionally, sizes."""

    def __init__(self, config, train, val):
        self.config, self.train = config, train
        size = config["input"]
        self.width, self.height = size["width"], size["height"]
        self.sizes = bool(config["network"].get("sizes"))
        self.depth = 4 if config["distillation"] else network.channels(config)
        self.inputs = measurement.Inputs(val, size)

    def example(self, index, order, generator):
        """An augmented picture of sample `index` and its Target; a mosaic's others from `order`.

        For a teacher the picture has motion, even where the network itself does not look at it.
        """
        plan, depth = self.config["augmentation"], self.depth
        cut_out = generator.random() < plan["pasted"]
        options = {"motion": depth == 4 or cut_out, "dropped": plan["motionDropped"], "zoom": plan["zoom"]}
        if generator.random() >= plan["mosaic"]:
            sample = self.train[index]
            view = augmentation.random_view(sample, self.width, self.height, generator, **options)
            if cut_out:
                other = self.train[int(generator.choice(order))]
                other = augmentation.random_view(
                    other, self.width, self.height, generator, motion=True, dropped=0, zoom=plan["zoom"]
                )
                view = augmentation.pasted(view, other, generator)
            return view.picture[..., :depth], self._target(view, sample)
        members = [self.train[i] for i in (index, *generator.choice(order, 3))]
        picture, parts = augmentation.mosaic(
            members, self.width, self.height, generator, targets.CELL, **options
        )
        upper_left, upper_right, lower_left, lower_right = (
            self._target(view, sample) for sample, (_, _, view) in zip(members, parts)
        )
        halves = [
            [np.concatenate(pair, axis=1) for pair in zip(upper_left, upper_right)],
            [np.concatenate(pair, axis=1) for pair in zip(lower_left, lower_right)],
        ]
        return picture[..., :depth], targets.Target(*(np.concatenate(pair, axis=0) for pair in zip(*halves)))

    def _target(self, view, sample):
        height, width = view.picture.shape[:2]
        return targets.make(
            view.boxes,
            view.labels,
            view.ignored,
            sample.complete,
            width,
            height,
            len(self.config["labels"]),
            gaussian=self.config["loss"]["kind"] == "focal",
        )

    def loss(self, outputs, heat, weight, sizes, sized):
        """The loss of a batch; `outputs` are the network's, scores first."""
        plan = self.config["loss"]
        if plan["kind"] == "focal":
            loss = losses.focal(outputs[0], heat, weight, plan["ignoreAbove"])
        else:
            loss = losses.fomo(
                outputs[0], heat, weight, plan["ignoreAbove"], plan["objectWeight"]
            )
        if self.sizes:
            loss += plan["sizeWeight"] * losses.size(outputs[1], sizes, sized)
        return loss

    def measure(self, predict):
        """One figure to choose by and a text: the mean best F1 of val's sources, or of the labels
        that occur in val where there are several.
        """
        scores = measurement.scores(self.inputs, predict(self.inputs.pictures))
        several = len(self.config["labels"]) > 1
        best = {}
        for (source, label), score in sorted(scores.items(), key=str):
            if (label is not None) == several and score.recall_fish:
                name = f"{source}/{self.config['labels'][label]['label']}" if several else source
                best[name] = score.f1().max()
        text = " ".join(f"{name} {figure:.3f}" for name, figure in best.items())
        return float(np.mean(list(best.values()))), f"F1 {text}"
