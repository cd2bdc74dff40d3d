create table mail.receipts (
  order_id uuid primary key,
  sent_at timestamptz not null default plimsoll.now()
);
