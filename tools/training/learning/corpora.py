"""Which public corpora are used, for what, and which of their labels are left out.

A corpus serves either training or evaluation, never both. From the training corpora every label is left out that an
evaluation corpus also has, by meaning and not only by name: all dogs because PACS has dogs, coasts and alps because
Intel's scenes have sea and mountains, garments because of the clothing set, fruit and vegetables because of the
groceries.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Corpus:
    repository: str  # on GitHub
    use: str  # "train" or "evaluate"
    kind: str  # for people
    licence: str
    labels: str = "1"  # which part of the path is the label; or csv, numbered
    under: str = ""  # only paths that begin so
    most_per_label: int | None = None
    left_out: frozenset[str] = frozenset()
    labels_from: str = ""


DOGS = """n02085620 n02094433 n02099712 n02106662 n02113799 n02089867 n02091244 n02091831 n02099601 n02101006
n02105505 n02108089 n02108551 n02108915 n02110063 n02110341 n02111277 n02113712 n02114548 n02116738 n02102040"""
OTHER_ANIMALS_AND_GUITARS = "n02504458 n03272010"  # African elephant, electric guitar
BUILDINGS_AND_STREETS = """n03220513 n04435653 n06794110 n02793495 n03042490 n04417672 n04486054 n02814860 n04562935
n03028079"""
SCENERY = "n09246464 n09193705 n09332890 n09428293"  # cliff, alp, lakeside, seashore
GARMENTS = """n03047690 n03770439 n03980874 n03146219 n02669723 n02730930 n02837789 n02883205 n02963159 n03404251
n03617480 n03763968 n04133789 n04254777 n04259630 n04371430 n04532106 n03026506"""
GROCERIES = """n02971356 n07747607 n13133613 n13054560 n07711569 n07715103 n07720875 n07734744 n07749582 n07753592
n07768694"""
IMAGENET_LEFT_OUT = frozenset(
    " ".join([DOGS, OTHER_ANIMALS_AND_GUITARS, BUILDINGS_AND_STREETS, SCENERY, GARMENTS, GROCERIES]).split())
IMAGENET_TERMS = "ImageNet's terms: non-commercial research"

# The commit of each repository that is read, whatever has come since.
COMMITS = {
    "afroozsheikh/Intel-Image-Classifier": "268f8fc38fb3f7307c1861d619ee99ff4158a3f5",
    "alexeygrigorev/clothing-dataset": "7ed86a9cc56763b6acb35e41cb35184e43a5d218",
    "Deo0330/split_minidataset": "557ebcae0db23651f9370f54a5f31b1f0fd4064d",
    "fmejbah/car_dataset1": "2ac6920297f51277ac4e24afd231c46d35077831",
    "jaaumeadrover/Landscape-Image-Classification": "7985b6b6e532f94f96da7dee74eb9a0ae7972083",
    "MachineLearning2020/Homework3-PACS": "d586a6cf3db84896fb6cc465c7bf51bdaf6d65d8",
    "marcusklasson/GroceryStoreDataset": "fc80ba90f803d79d0383df52c5a4ac5de99ff6fc",
    "pan8915/DeepTexture": "522f46f683af11e93673bff29f81df14f49edfb2",
    "PepeTapia/UdacityAWS_Nanodegree": "24d3f798ea15d47665b24fab2b7cff96e69dba24",
    "seshuad/IMagenet": "153dbc161ab7942a12c99515e80ef6454dd06693",
    "Shmaltalk/colorization-tf": "de236b5728bdff6c78b3d65ca472fd72a2e67a04",
    "taibarehm/CVassimgement": "5e5ee696e6576f6ed4c674e3763f77e40242332a",
    "thunderInfy/imagenette": "b850f030ff0701c36a4adc8b928ea9483a46915b",
}

CORPORA = {
    # Evaluation: looked at with finished candidates only.
    "pacs": Corpus("MachineLearning2020/Homework3-PACS", "evaluate", "category across photograph, painting, cartoon, "
                   "sketch", "none stated", labels="2", under="PACS/", most_per_label=430),
    "intel": Corpus("afroozsheikh/Intel-Image-Classifier", "evaluate", "scene", "none stated", under="test/",
                    most_per_label=500),
    "clothing": Corpus("alexeygrigorev/clothing-dataset", "evaluate", "garment, photographed by owners", "CC0-1.0",
                       labels="csv", most_per_label=200,
                       left_out=frozenset({"Not sure", "Other", "Skip", "label"})),
    "grocery": Corpus("marcusklasson/GroceryStoreDataset", "evaluate", "fine-grained product in shops", "MIT",
                      labels="-2", under="dataset/t", most_per_label=25),
    # Training.
    "caltech": Corpus("taibarehm/CVassimgement", "train", "category", "none stated", under="caltech-101/",
                      most_per_label=60, left_out=frozenset(
                          "background_google faces faces_easy dalmatian elephant electric_guitar mandolin strawberry "
                          "pagoda minaret pyramid snoopy".split())),
    "cars": Corpus("fmejbah/car_dataset1", "train", "fine-grained: car models", "research", labels="numbered",
                   most_per_label=24),
    "flowers": Corpus("Shmaltalk/colorization-tf", "train", "fine-grained: flowers", "none stated", labels="numbered",
                      most_per_label=40, labels_from="PepeTapia/UdacityAWS_Nanodegree"),
    "textures": Corpus("pan8915/DeepTexture", "train", "texture", "research", under="images/"),
    "rooms": Corpus("jaaumeadrover/Landscape-Image-Classification", "train", "scene, grey", "none stated", labels="2",
                    under="data/", left_out=frozenset(
                        "coast forest mountain street insidecity tallbuilding suburb".split())),
    "imagenette": Corpus("thunderInfy/imagenette", "train", "category", IMAGENET_TERMS, under="train/",
                         most_per_label=150, left_out=IMAGENET_LEFT_OUT),
    "mini": Corpus("Deo0330/split_minidataset", "train", "category, 84 px", IMAGENET_TERMS, under="train/",
                   most_per_label=90, left_out=IMAGENET_LEFT_OUT),
    "tiny": Corpus("seshuad/IMagenet", "train", "category, 64 px", IMAGENET_TERMS, labels="2",
                   under="tiny-imagenet-200/train/", most_per_label=30, left_out=IMAGENET_LEFT_OUT),
}
