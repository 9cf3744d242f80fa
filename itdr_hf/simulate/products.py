"""The twelve Amazon domains: their shelves and the words on them."""

from itdr_hf.simulate.vocabulary import Theme, theme

DOMAINS: dict[str, dict[str, Theme]] = {
    "Appliances": {
        "Refrigerator Parts": theme(
            "Water-Filter Ice-Maker Door-Shelf Gasket", "Compatible Genuine Durable Clear",
            "fit, seal, water taste, installation, filter life"),
        "Dryers": theme(
            "Dryer-Belt Lint-Screen Vent-Hose Heating-Element", "Universal Heavy-Duty Replacement Quiet",
            "drying time, belt, vent hose, noise level, instructions"),
        "Dishwashers": theme(
            "Dish-Rack Spray-Arm Drain-Pump Cutlery-Basket", "Stainless Adjustable Compact Sturdy",
            "rack wheels, cleaning power, pump, loading, steel finish"),
        "Ranges": theme(
            "Burner-Knob Oven-Rack Igniter Stove-Cover", "Enamel Chrome Safe Precise",
            "knobs, even heating, igniter, cover, markings"),
        "Coffee Makers": theme(
            "Coffee-Machine Milk-Frother Kettle Grinder", "Programmable Glass Fast Retro",
            "coffee taste, brewing speed, carafe, timer, cleaning"),
    },
    "Arts_Crafts_and_Sewing": {
        "Painting": theme(
            "Brush-Set Acrylic-Paint Canvas Easel", "Vivid Professional Washable Matte",
            "colours, brushes, coverage, pigments, canvas quality"),
        "Knitting": theme(
            "Yarn Needle-Set Crochet-Hook Loom", "Soft Chunky Bamboo Woollen",
            "yarn, softness, colours, needles, stitch size"),
        "Sewing": theme(
            "Fabric-Bundle Thread-Kit Scissors Sewing-Box", "Cotton Floral Sharp Assorted",
            "fabric, thread strength, patterns, cutting, stitching"),
        "Beading": theme(
            "Bead-Kit Charm-Set Jewelry-Wire Clasp-Pack", "Glass Golden Sparkling Tiny",
            "beads, clasps, sparkle, wire, variety"),
        "Scrapbooking": theme(
            "Sticker-Sheet Paper-Pad Stamp-Set Album", "Vintage Glittery Seasonal Scalloped",
            "stickers, paper weight, stamps, glue, designs"),
    },
    "Baby_Products": {
        "Feeding": theme(
            "Bottle Bib Spoon-Set High-Chair", "Silicone Leakproof Soft Easy-Clean",
            "bottles, spill guard, suction, cleaning, handles"),
        "Nursery": theme(
            "Crib-Sheet Mobile Night-Light Changing-Pad", "Cozy Organic Musical Starry",
            "softness, lullabies, light, fabric, colours"),
        "Strollers": theme(
            "Stroller Carrier Rain-Cover Cup-Holder", "Foldable Lightweight Padded All-Terrain",
            "folding, wheels, straps, weight, sun shade"),
        "Diapering": theme(
            "Diaper-Bag Wipes Diaper-Pail Swaddle", "Absorbent Gentle Odorless Roomy",
            "absorbency, pockets, smell control, fit, zip"),
        "Baby Toys": theme(
            "Rattle Teether Activity-Gym Stacking-Cups", "Colourful Wooden Crinkly Safe",
            "sounds, bright colours, textures, safety, size"),
    },
    "All_Beauty": {
        "Hair Care": theme(
            "Shampoo Hair-Oil Wig Curl-Cream", "Nourishing Silky Argan Volumizing",
            "scent, shine, lather, hold, softness"),
        "Skin Care": theme(
            "Face-Serum Moisturizer Sheet-Mask Sunscreen", "Hydrating Gentle Brightening Vegan",
            "texture, glow, absorption, smell, hydration"),
        "Makeup": theme(
            "Lipstick Eyeshadow-Palette Mascara Foundation", "Matte Shimmering Waterproof Blendable",
            "pigment, staying power, shades, blending, packaging"),
        "Nails": theme(
            "Gel-Polish Press-On-Nails Nail-Lamp Cuticle-Oil", "Glossy Quick-Dry Chrome Pastel",
            "polish, drying time, shine, adhesion, colours"),
        "Fragrance": theme(
            "Perfume Body-Mist Cologne Room-Spray", "Fresh Woody Floral Warm",
            "scent, longevity, bottle, sillage, freshness"),
    },
    "CDs_and_Vinyl": {
        "Rock": theme(
            "Thunder Highway Engine Rebellion", "Electric Restless Loud Broken",
            "guitar solos, drums, vocals, sound quality, live tracks"),
        "Jazz": theme(
            "Session Quartet Midnight Standard", "Blue Smoky Cool Swinging",
            "saxophone, improvisation, remastering, rhythm section, liner notes"),
        "Classical": theme(
            "Symphony Concerto Nocturne Requiem", "Complete Grand Baroque Solemn",
            "strings, conducting, recording quality, piano, choir"),
        "Country": theme(
            "Heartland Pickup Porch Prairie", "Lonesome Honest Dusty Sweet",
            "steel guitar, lyrics, storytelling, harmonies, fiddle"),
        "Pop": theme(
            "Heartbeat Neon Summer Mirror", "Shiny Sweet Endless Dancing",
            "hooks, vocals, production, choruses, dance beats"),
    },
    "Amazon_Fashion": {
        "Dresses": theme(
            "Maxi-Dress Sundress Tunic Skirt", "Floral Elegant Flowing Vintage",
            "fit, fabric, length, pattern, stitching"),
        "Shoes": theme(
            "Sneakers Ankle-Boots Sandals Loafers", "Comfortable Leather Lightweight Cushioned",
            "arch support, sole, size, comfort, look"),
        "Jewelry": theme(
            "Necklace Earrings Bracelet Ring", "Sterling Dainty Sparkling Boho",
            "shine, clasp, stones, plating, weight"),
        "Accessories": theme(
            "Sunglasses Scarf Belt Beanie", "Polarized Woven Classic Warm",
            "colour, material, size, warmth, frame"),
        "Activewear": theme(
            "Leggings Sports-Bra Joggers Tank-Top", "Stretchy Breathable High-Waist Seamless",
            "stretch, support, pockets, waistband, breathability"),
    },
    "Grocery_and_Gourmet_Food": {
        "Coffee & Tea": theme(
            "Coffee-Beans Green-Tea Espresso-Pods Chai", "Organic Dark-Roast Smooth Aromatic",
            "aroma, flavour, roast, freshness, aftertaste"),
        "Snacks": theme(
            "Potato-Chips Trail-Mix Granola-Bars Popcorn", "Crunchy Salted Spicy Low-Sugar",
            "crunch, salt, flavour, freshness, portion size"),
        "Sweets": theme(
            "Dark-Chocolate Gummies Caramels Cookies", "Rich Chewy Sugar-Free Assorted",
            "chocolate, sweetness, texture, flavours, wrapping"),
        "Spices": theme(
            "Chili-Sauce Curry-Powder Sea-Salt Vanilla", "Fiery Pure Smoked Ground",
            "heat, aroma, purity, flavour, jar"),
        "Pantry": theme(
            "Olive-Oil Pasta Basmati-Rice Honey", "Extra-Virgin Raw Gluten-Free Stone-Ground",
            "taste, quality, cooking time, label, sealing"),
    },
    "Home_and_Kitchen": {
        "Cookware": theme(
            "Frying-Pan Stockpot Wok Baking-Sheet", "Nonstick Cast-Iron Copper Ceramic",
            "coating, heat spread, handle, weight, lid"),
        "Bedding": theme(
            "Sheet-Set Duvet Pillow Mattress-Pad", "Cooling Soft Bamboo Fluffy",
            "softness, thread count, loft, cooling, corners"),
        "Storage": theme(
            "Storage-Bin Shelf-Unit Shoe-Rack Hanger-Set", "Stackable Foldable Sturdy Slim",
            "assembly, sturdiness, space, hooks, lids"),
        "Decor": theme(
            "Wall-Clock Vase Curtain-Panel Candle", "Rustic Modern Scented Velvet",
            "look, colour, scent, fabric, finish"),
        "Dining": theme(
            "Dinner-Plates Glass-Set Cutlery Mug", "Porcelain Dishwasher-Safe Elegant Hand-Painted",
            "glaze, weight, design, chips, size"),
    },
    "Industrial_and_Scientific": {
        "Adhesives": theme(
            "Epoxy Duct-Tape Sealant Glue-Sticks", "Industrial Waterproof Fast-Cure Strong",
            "bond strength, curing time, tape, nozzle, coverage"),
        "Lab Supplies": theme(
            "Beaker-Set Pipette Microscope-Slides Test-Tubes", "Graduated Sterile Borosilicate Precise",
            "accuracy, glass thickness, markings, lids, packaging"),
        "3D Printing": theme(
            "PLA-Filament Nozzle-Kit Build-Plate Resin", "Tangle-Free Matte Heated Smooth",
            "print quality, adhesion, filament, colour, tolerance"),
        "Safety": theme(
            "Safety-Goggles Work-Gloves Respirator Ear-Muffs", "Anti-Fog Cut-Resistant Certified Padded",
            "protection, grip, comfort, fog, straps"),
        "Fasteners": theme(
            "Hex-Bolts Washer-Kit Anchors Wood-Screws", "Stainless Metric Galvanized Assorted",
            "threads, sizes, strength, sorting box, rust resistance"),
    },
    "Musical_Instruments": {
        "Guitars": theme(
            "Acoustic-Guitar Guitar-Strings Capo Guitar-Strap", "Mahogany Bright Coated Vintage",
            "tone, tuning stability, strings, action, finish"),
        "Keyboards": theme(
            "Digital-Piano Keyboard-Stand Sustain-Pedal Synth", "Weighted Portable Full-Size Compact",
            "keys, sounds, pedal, stand, speakers"),
        "Drums": theme(
            "Drumsticks Cymbal Practice-Pad Cajon", "Hickory Bright Quiet Hand-Made",
            "rebound, sound, balance, snare, volume"),
        "Recording": theme(
            "Microphone Audio-Interface Pop-Filter Headphones", "Condenser Studio Low-Noise USB",
            "clarity, noise floor, preamps, cable, drivers"),
        "Wind": theme(
            "Clarinet-Reeds Flute Harmonica Trumpet-Mute", "Silver Student Chromatic Smooth",
            "response, tone, case, pads, intonation"),
    },
    "Software": {
        "Antivirus": theme(
            "Antivirus Firewall VPN Password-Manager", "Total Secure Silent Premium",
            "scans, protection, pop-ups, speed, renewal"),
        "Office": theme(
            "Office-Suite Invoice-Maker PDF-Editor Planner", "Complete Simple Professional Small-Business",
            "templates, export, spreadsheets, layout, support"),
        "Education": theme(
            "Language-Course Typing-Tutor Math-Trainer Encyclopedia", "Interactive Beginner Complete Fun",
            "lessons, exercises, progress tracking, voices, examples"),
        "Photo & Video": theme(
            "Photo-Editor Video-Studio Slideshow-Maker Colour-Tool", "Creative Ultimate Easy Fast",
            "filters, rendering, tutorials, export formats, effects"),
        "Apps & Games": theme(
            "Solitaire Word-Puzzle Farm-Builder Brain-Quiz", "Relaxing Classic Endless Daily",
            "puzzles, ads, levels, graphics, offline play"),
    },
    "Video_Games": {
        "Role-Playing": theme(
            "Legends Prophecy Realm Chronicle", "Eternal Forgotten Crimson Arcane",
            "story, quests, characters, combat, side missions"),
        "Racing": theme(
            "Grand-Tour Nitro Circuit Rally", "Turbo Street Ultimate Extreme",
            "cars, tracks, handling, graphics, multiplayer"),
        "Shooters": theme(
            "Strike-Force Frontline Recon Outpost", "Tactical Black Modern Rogue",
            "weapons, maps, campaign, online play, controls"),
        "Family": theme(
            "Party Kart-Friends Puzzle-Land Dance-Off", "Super Happy Crazy Mega",
            "mini games, co-op, music, family fun, levels"),
        "Accessories": theme(
            "Controller Headset Charging-Dock Console-Case", "Wireless Ergonomic RGB Protective",
            "battery life, grip, sound, buttons, build quality"),
    },
}  # fmt: skip
