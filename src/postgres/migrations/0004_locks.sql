-- Locks with a lease and a fencing token. The row stays when a lock is let go, so that its token never falls.
create table plimsoll.locks (
  name text primary key,
  token bigint not null,
  holder text not null,
  lease interval not null,
  -- '-infinity' once it was let go.
  expires_at timestamptz not null,
  -- What a fence rests on: it makes the token a key of the row. A key share of the row then keeps out every caller that would change its token, until the
  -- end of the transaction that has it, and lets the holder renew its lease meanwhile.
  unique (name, token)
);
