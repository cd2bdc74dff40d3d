import type { z } from "zod";
import type { ProductFacts } from "./catalog/contract.ts";

interface Assortment {
  readonly kinds: readonly string[];
  readonly shelves: readonly { readonly description: string; readonly things: readonly string[] }[];
}

const acme: Assortment = {
  kinds: ["Giant", "Folding", "Portable", "Silent", "Dehydrated", "Instant", "Rubber", "Magnetic", "Invisible", "Jet-Powered"],
  shelves: [
    {
      description: "For the hunter of fast birds in the desert. Stand well back.",
      things: ["Anvil", "Slingshot", "Catapult", "Boulder", "Net", "Boomerang", "Bird Seed", "Tunnel Paint", "Decoy", "Spring Boots"],
    },
    {
      description: "Gets you there, or at least away from here. Wear a helmet.",
      things: ["Rocket Skates", "Unicycle", "Glider", "Pogo Stick", "Parachute", "Handcar", "Balloon", "Kite", "Raft", "Sled"],
    },
    {
      description: "Makes the house of every inventor a little more exciting.",
      things: ["Umbrella", "Bathtub", "Ladder", "Alarm Clock", "Trapdoor", "Mousetrap", "Magnet", "Vacuum Cleaner", "Teapot", "Doorbell"],
    },
  ],
};

const globex: Assortment = {
  kinds: ["Coastal", "Deep-Sea", "Galvanised", "Braided", "Heavy-Duty", "Brass", "Waterproof", "Luminous", "Tarred", "Captain's"],
  shelves: [
    {
      description: "Holds in any storm, for sailors who want to keep their ship.",
      things: ["Rope", "Anchor", "Mooring Line", "Cleat", "Winch", "Fender", "Capstan", "Boat Hook", "Tarpaulin", "Pulley"],
    },
    {
      description: "Tells where you are, and others where you go, in fog and at night.",
      things: ["Compass", "Sextant", "Chart Table", "Barometer", "Bell", "Binoculars", "Signal Lamp", "Logbook", "Foghorn", "Flag Set"],
    },
    {
      description: "For emergencies. Check it before you sail.",
      things: ["Lifebuoy", "Life Jacket", "Bilge Pump", "Flare", "Lantern", "First-Aid Box", "Bucket", "Whistle", "Hatch", "Oilskin"],
    },
  ],
};

/** Three hundred products, the same at every start: ten kinds of thirty things. */
function productsOf({ kinds, shelves }: Assortment): z.input<typeof ProductFacts>[] {
  return shelves.flatMap(({ things, description }, shelf) =>
    things.flatMap((thing, place) =>
      kinds.map((kind, rank) => ({
        ...{ name: `${kind} ${thing}`, description },
        priceCents: 499 + 100 * ((shelf * 31 + place * 17 + rank * 7) % 90),
        stock: 20 + ((place * 13 + rank * 29) % 80),
      })),
    ),
  );
}

export const catalogues = { acme: productsOf(acme), globex: productsOf(globex) };
