create table cards.cards (
  id uuid primary key,
  -- Sealed by the vault.
  holder text not null,
  -- A token of the vault.
  number text not null,
  shown text not null
);
