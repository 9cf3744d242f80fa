"""The raw files of Amazon Reviews 2023 on the Hub: size and sha256 of the reviews and products of each category."""

from __future__ import annotations

from itdr_hf.raw.layout import Download

REPOSITORY = "hf://datasets/McAuley-Lab/Amazon-Reviews-2023"

# category -> (bytes, sha256) of the reviews and of the products
FILES = {
    "Appliances": (
        (929_451_412, "d9dd03aa9be0c8e6fea66d8ce99a7e5b359e272d6323186c1aa80f6d36af1dab"),
        (285_298_475, "b25ae892af7bc452c4a54b7e4fee52f4c3e9adf058768ca3cb07ecb8d328b41e"),
    ),
    "Arts_Crafts_and_Sewing": (
        (3_945_063_799, "e2f6698cdb0c1f712e38718e02efc1b74641c31bf6745be14af85583399e74df"),
        (2_170_215_242, "b3dd463e900a76599494927a7e991a62660e4d5c47c3f6c4797e9dae9a65837b"),
    ),
    "Baby_Products": (
        (2_947_785_967, "5ab12d566ebc1162d5a197721d4da787261e036455d054ad8d858af7380e0a45"),
        (691_003_271, "40250b693fc748cc0f24a5a2e762faa71e69aec4a9b934f625fd609f7cda6d7e"),
    ),
    "All_Beauty": (
        (326_611_506, "36ca7c48440a8247b2dca0174d095238422b506a8a80c114dca722b7715f1c94"),
        (212_990_142, "1cfbdf6d2ccf9c3ac52a4508b15f31f8f340508a245b65c3e3b5f461e06e97ef"),
    ),
    "CDs_and_Vinyl": (
        (3_287_195_043, "4692a40ee4b9bcc5f7ee58edeffb211138e02641c3fdfd55f77843430cb34cbc"),
        (948_861_684, "c52275a5bce63bf293f987bff5ff1f2b268982797545f3df2b7662ab638e8aec"),
    ),
    "Amazon_Fashion": (
        (1_051_324_731, "e597b3ce6cbb2f9994a32e0eee6bb04fdae50725f2d49c89f6baef1a7b986c57"),
        (1_422_365_805, "629dde620a4001934a8af705f6e5514a1b2d349720c26876ee803b90051a62df"),
    ),
    "Grocery_and_Gourmet_Food": (
        (5_973_991_903, "bd68ea63cd101de7a0f8ae53896a0ce6b4d1d61fdef63cc02fad303e5f1244c6"),
        (1_382_105_675, "ed9b24ea707f7010b5cb321462a8e896ad1fcd59620fbc55f05084c3da59842e"),
    ),
    "Home_and_Kitchen": (
        (31_408_889_188, "88f2ed8cda172b18201a9d8577ab461255b9ecec99581c1ee05c5e1b4105262b"),
        (11_788_767_944, "691353084748d985180deb13dc8de59afe4969933ad3692ea06b80460510aa56"),
    ),
    "Industrial_and_Scientific": (
        (2_347_015_351, "361f68c9535f038fab119099e79207099bee60b2cd7a98246c36b3b12c7aa678"),
        (1_130_006_344, "114fcde36f6205bde5d0ebed24613a35e475aa06b285011ed1e892dc26da3942"),
    ),
    "Musical_Instruments": (
        (1_557_845_107, "63aee24d5b9eaf0069cf638703e2d62eb80fde5d2c00ca3d29881d645f6214b3"),
        (631_877_970, "96f40b5440918f07e3e08e84b7a6874a06a5e32a9988998ca9520cfd1b51a12c"),
    ),
    "Software": (
        (1_869_151_448, "dc119f99c466a39a09e2513c9e48eb5821fb42b1459f3026bcf71b08e6770741"),
        (256_220_771, "7c52cce1bf3bff33f965fe117e3e8fac18a1839f88b215efa50b31a8230a5f58"),
    ),
    "Video_Games": (
        (2_682_948_518, "7bde9e0a039bdb321e993bfe78a6c7d438fb1504b1ad152c0cb6a33a8b7cb26a"),
        (437_375_785, "3ad94dfaa8dfed23c5f420aa9ddec415d00f2b8ec9f2d796f487b4b2c4d256de"),
    ),
}


def downloads() -> tuple[Download, ...]:
    """Return the downloads, one part per category: all 77 GB are more than most users need, so none is a default."""
    return tuple(
        Download(url=f"{REPOSITORY}/{path}", path=path, size=size, sha256=sha256, part=category, default=False)
        for category, facts in FILES.items()
        for path, (size, sha256) in zip(
            (f"raw/review_categories/{category}.jsonl", f"raw/meta_categories/meta_{category}.jsonl"),
            facts,
            strict=True,
        )
    )
