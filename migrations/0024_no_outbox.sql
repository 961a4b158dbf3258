-- Nothing ever sent what was to be written here. Whoever sends will take events from a queue that a trigger fills, as
-- event_unsealed is filled: a cursor over ids would skip what commits late.
revoke insert on outbox from latchkey_web, latchkey_worker;
revoke update on outbox from latchkey_worker;
drop table outbox;
