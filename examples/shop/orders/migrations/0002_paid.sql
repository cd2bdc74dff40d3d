-- What was paid at its checkout. Its customer cannot cancel it: that would return the stock and keep the money.
alter table orders.orders drop constraint orders_status_check;
alter table orders.orders add constraint orders_status_check check (status in ('placed', 'paid', 'cancelled'));
