/** Places on the earth. */

export const geo = `
# places
geoadd g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania
geoadd g nx 1 1 Palermo 2.349014 48.864716 Paris
geoadd g xx ch 2.35 48.86 Paris 1 1 Nowhere
geoadd g ch 0 0 zero -180 -85.05112878 corner 179.99999 85.05 corner2
geoadd g 180 85.05112878 last
geoadd g 13.5 x
geoadd g 13.5 x y
geoadd g x 13.5 y
geoadd g 200 100 x
geoadd g 13 86 x
geoadd g -181 0 x
geoadd g nx xx 1 1 x
geoadd g nx ch xx
geoadd g incr 1 1
geoadd g ch ch ch
geoadd g inf 1 x
geoadd g 1e30 1 x
geoadd g
type g
zrange g 0 -1 withscores
zscore g Palermo
geopos g Palermo Catania none Paris zero corner corner2 last
geopos g
geopos none a b
geopos none
geohash g Palermo Catania none Paris zero corner corner2
geohash g
geohash none a
geodist g Palermo Catania
geodist g Palermo Catania m
geodist g Palermo Catania km
geodist g Palermo Catania MI
geodist g Palermo Catania ft
geodist g Palermo Palermo
geodist g Paris Catania
geodist g zero corner
geodist g Palermo none
geodist g none none
geodist none a b
geodist g Palermo Catania foo
geodist g Palermo Catania km x
geodist g Palermo
zadd g 5 small -1 negative 1.5 fraction 1e300 huge
geopos g small fraction
geohash g small
# search by radius
geoadd g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania 12.758489 38.788135 edge1 17.241510 38.788135 edge2 2.349 48.86 Paris
*geosearch g fromlonlat 15 37 byradius 200 km
geosearch g fromlonlat 15 37 byradius 200 km asc
geosearch g fromlonlat 15 37 byradius 200 km desc
geosearch g fromlonlat 15 37 byradius 200000 m asc withdist
geosearch g fromlonlat 15 37 byradius 200 km asc withcoord withdist withhash
geosearch g fromlonlat 15 37 byradius 200 km asc withhash
geosearch g frommember Palermo byradius 200 km asc withdist
geosearch g frommember Palermo byradius 0 m
geosearch g fromlonlat 15 37 byradius 5000 km asc
geosearch g fromlonlat 15 37 byradius 20000 km asc
geosearch g fromlonlat 15 37 byradius 200 km count 1
geosearch g fromlonlat 15 37 byradius 300 km count 2 desc withdist
geosearch g fromlonlat 15 37 byradius 20000 km count 1 any
*geosearch g fromlonlat 15 37 byradius 300 km count 10 any
geosearch g fromlonlat 100 37 byradius 100 km
geosearch g fromlonlat 15 37 byradius 100 mi asc
geosearch g fromlonlat 15 37 byradius 500000 ft asc
geosearch none fromlonlat 15 37 byradius 100 km
geosearch none frommember a byradius 100 km
geosearch g frommember none byradius 100 km
geosearch g fromlonlat 1 1 fromlonlat 2 2 byradius 1 km
geosearch g fromlonlat 1 1 frommember Palermo byradius 1 km
geosearch g frommember Palermo fromlonlat 1 1 byradius 1 km
geosearch g frommember Palermo frommember Catania byradius 1 km
GEOSEARCH g byradius 1 km asc desc count 3
geosearch g fromlonlat 15 37 asc desc count 3
geosearch g fromlonlat 15 37 byradius 1 km bybox 1 1 km
geosearch g fromlonlat 15 37 byradius 1 km any
geosearch g fromlonlat 15 37 byradius 1 km count 0
geosearch g fromlonlat 15 37 byradius 1 km count -1
geosearch g fromlonlat 15 37 byradius 1 km count a
geosearch g fromlonlat 15 37 byradius -1 km
geosearch g fromlonlat 15 37 byradius x km
geosearch g fromlonlat 15 37 byradius 1 foo
geosearch g fromlonlat 15 x byradius 1 km
geosearch g fromlonlat 15 100 byradius 1 km
geosearch g fromlonlat 15 37 byradius 1 km store d
geosearch g fromlonlat 15 37 byradius 1 km storedist
geosearch g fromlonlat 15 37 byradius 1 km foo
geosearch g fromlonlat 15 37
# search by box
geoadd g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania 12.758489 38.788135 edge1 17.241510 38.788135 edge2 2.349 48.86 Paris
geosearch g fromlonlat 15 37 bybox 400 400 km asc
geosearch g fromlonlat 15 37 bybox 400 400 km asc withdist withcoord
geosearch g fromlonlat 15 37 bybox 100 400 km asc
geosearch g fromlonlat 15 37 bybox 400 100 km asc
geosearch g frommember Catania bybox 1000 300 km desc
geosearch g fromlonlat 15 37 bybox 10000 10000 km asc
geosearch g fromlonlat 15 37 bybox 0 0 km
geosearch g fromlonlat 15 37 bybox -1 1 km
geosearch g fromlonlat 15 37 bybox x 1 km
geosearch g fromlonlat 15 37 bybox 1 x km
geosearch g fromlonlat 15 37 bybox 1 1 foo
geosearch g fromlonlat 15 37 bybox 1 km
# search around the edges of the map
geoadd e 179.9 10 east -179.9 10 west 0 85 north 90 85 north2 0 -85 south -90 -85 south2 0 0 zero
geosearch e fromlonlat 179.99 10 byradius 100 km asc withdist
geosearch e fromlonlat -180 10 byradius 100 km asc withdist
geosearch e fromlonlat 0 85 byradius 1000 km asc withdist
geosearch e fromlonlat 0 -85 byradius 1500 km asc withdist
geosearch e fromlonlat 0 0 byradius 30000 km asc
geosearch e fromlonlat 179.95 10 bybox 100 100 km asc
*geosearch e fromlonlat 0 0 byradius 10000 km
*geosearch e fromlonlat 50 50 byradius 9000 km
# search and store
geoadd g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania 2.349 48.86 Paris
geosearchstore d g fromlonlat 15 37 byradius 200 km
zrange d 0 -1 withscores
geosearchstore d g fromlonlat 15 37 byradius 200 km storedist
zrange d 0 -1
geosearchstore d g fromlonlat 15 37 byradius 200 km count 1
zrange d 0 -1
geosearchstore d g fromlonlat 100 37 byradius 1 km
exists d
set d x
geosearchstore d none fromlonlat 100 37 byradius 1 km
exists d
geosearchstore d g fromlonlat 15 37 byradius 200 km withdist
geosearchstore d g byradius 200 km asc desc
geosearchstore d g fromlonlat 15 37 byradius 200 km store x
geosearchstore d g
# the older commands
geoadd g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania 2.349 48.86 Paris
georadius g 15 37 200 km asc
georadius g 15 37 200 km withdist withcoord withhash desc
georadius_ro g 15 37 200 km asc count 1
georadius g 15 37 200 km store d
zrange d 0 -1
georadius g 15 37 200 km storedist d
georadius g 15 37 200 km store d storedist d2
exists d d2
georadius g 15 37 200 km store d withdist
georadius g 15 37 200 km store
georadius_ro g 15 37 200 km store d
georadius none 15 37 200 km
georadius none 15 37 200 km store d
exists d
georadius none 15 37 200 foo
georadius g 15 137 200 km
georadius g 15 37 -1 km
georadius g 15 37 x km
georadius g 15 37
georadiusbymember g Palermo 200 km asc
georadiusbymember g none 200 km
georadiusbymember none Palermo 200 km
georadiusbymember none Palermo x foo
georadiusbymember g Palermo 200 km store d
zrange d 0 -1
georadiusbymember_ro g Palermo 200 km asc withdist
georadiusbymember_ro g Palermo 200 km store d
command getkeys georadius g 15 37 200 km store d
command getkeys georadiusbymember g a 200 km store d
command getkeys georadius g 15 37 200 km
command getkeys geosearchstore a b c d e f g h
# another type is there
set s x
geoadd s 1 1 a
geopos s a
geohash s a
geodist s a b
geosearch s fromlonlat 15 37 byradius 1 km
geosearch s foo foo foo foo foo
georadius s x x x x
georadiusbymember s a 1 km
geosearchstore d s fromlonlat 15 37 byradius 1 km
`;
