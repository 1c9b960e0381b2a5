"""Rows of the table besides XTREME-R's: the languages of SIB-200, Belebele and XLM-R, and of African, American and Indonesian benchmarks.

A row: our code, the codes of ISO 639-3 and FLORES-200 for it, name, family, branch, script. See `trainables.languages` for sources.
"""

MORE_ROWS = """
ace ace Acehnese | Austronesian | Malayo-Sumbawan | Latn
ace_Arab ace Acehnese (Arabic script) | Austronesian | Malayo-Sumbawan | Arab
acm acm Mesopotamian Arabic | Afro-Asiatic | Semitic | Arab
acq acq Ta'izzi-Adeni Arabic | Afro-Asiatic | Semitic | Arab
aeb aeb Tunisian Arabic | Afro-Asiatic | Semitic | Arab
ajp ajp South Levantine Arabic | Afro-Asiatic | Semitic | Arab
ak aka Akan | Niger-Congo | Kwa | Latn
am amh Amharic | Afro-Asiatic | Semitic | Ethi
an arg Aragonese | Indo-European | Romance | Latn
apc apc North Levantine Arabic | Afro-Asiatic | Semitic | Arab
ar_Latn arb,ara Arabic (Latin script) | Afro-Asiatic | Semitic | Latn
arq arq Algerian Arabic | Afro-Asiatic | Semitic | Arab
ars ars Najdi Arabic | Afro-Asiatic | Semitic | Arab
ary ary Moroccan Arabic | Afro-Asiatic | Semitic | Arab
arz arz Egyptian Arabic | Afro-Asiatic | Semitic | Arab
as asm Assamese | Indo-European | Indo-Aryan | Beng
ast ast Asturian | Indo-European | Romance | Latn
awa awa Awadhi | Indo-European | Indo-Aryan | Deva
ay ayr,aym Aymara | Aymaran | Aymara | Latn
azb azb South Azerbaijani | Turkic | Oghuz | Arab
ba bak Bashkir | Turkic | Kipchak | Cyrl
ban ban Balinese | Austronesian | Malayo-Sumbawan | Latn
bar bar Bavarian | Indo-European | Germanic | Latn
bbc bbc Toba Batak | Austronesian | Northwest Sumatra | Latn
bbj bbj Ghomala' | Niger-Congo | Grassfields | Latn
be bel Belarusian | Indo-European | Slavic | Cyrl
bem bem Bemba | Niger-Congo | Bantu | Latn
bho bho Bhojpuri | Indo-European | Indo-Aryan | Deva
bjn bjn Banjar | Austronesian | Malayo-Sumbawan | Latn
bjn_Arab bjn Banjar (Arabic script) | Austronesian | Malayo-Sumbawan | Arab
bm bam Bambara | Mande | Western Mande | Latn
bn_Latn ben Bengali (Latin script) | Indo-European | Indo-Aryan | Latn
bo bod Tibetan | Sino-Tibetan | Bodic | Tibt
bpy bpy Bishnupriya | Indo-European | Indo-Aryan | Beng
br bre Breton | Indo-European | Celtic | Latn
bs bos Bosnian | Indo-European | Slavic | Latn
bug bug Buginese | Austronesian | South Sulawesi | Latn
bzd bzd Bribri | Chibchan | Core Chibchan | Latn
ca cat Catalan | Indo-European | Romance | Latn
ce che Chechen | Nakh-Daghestanian | Nakh | Cyrl
ceb ceb Cebuano | Austronesian | Greater Central Philippine | Latn
cjk cjk Chokwe | Niger-Congo | Bantu | Latn
ckb ckb Central Kurdish | Indo-European | Iranian | Arab
cni cni Asháninka | Arawakan | Southern Maipuran | Latn
co cos Corsican | Indo-European | Romance | Latn
crh crh Crimean Tatar | Turkic | Kipchak | Latn
cs ces Czech | Indo-European | Slavic | Latn
cv chv Chuvash | Turkic | Bolgar | Cyrl
cy cym Welsh | Indo-European | Celtic | Latn
da dan Danish | Indo-European | Germanic | Latn
dik dik,din Southwestern Dinka | Nilotic | Western Nilotic | Latn
dyu dyu Dyula | Mande | Western Mande | Latn
dz dzo Dzongkha | Sino-Tibetan | Bodic | Tibt
ee ewe Ewe | Niger-Congo | Kwa | Latn
eo epo Esperanto | Constructed | Esperantic | Latn
fj fij Fijian | Austronesian | Oceanic | Latn
fo fao Faroese | Indo-European | Germanic | Latn
fon fon Fon | Niger-Congo | Kwa | Latn
fur fur Friulian | Indo-European | Romance | Latn
fuv fuv Nigerian Fulfulde | Niger-Congo | Atlantic | Latn
fy fry Western Frisian | Indo-European | Germanic | Latn
ga gle Irish | Indo-European | Celtic | Latn
gd gla Scottish Gaelic | Indo-European | Celtic | Latn
gl glg Galician | Indo-European | Romance | Latn
gn grn,gug Guarani | Tupian | Tupi-Guarani | Latn
ha hau Hausa | Afro-Asiatic | Chadic | Latn
haw haw Hawaiian | Austronesian | Oceanic | Latn
hch hch Huichol | Uto-Aztecan | Southern Uto-Aztecan | Latn
hi_Latn hin Hindi (Latin script) | Indo-European | Indo-Aryan | Latn
hmn hmn Hmong | Hmong-Mien | Hmongic | Latn
hne hne Chhattisgarhi | Indo-European | Indo-Aryan | Deva
hr hrv Croatian | Indo-European | Slavic | Latn
hy hye Armenian | Indo-European | Armenic | Armn
ig ibo Igbo | Niger-Congo | Volta-Niger | Latn
ilo ilo Iloko | Austronesian | Northern Luzon | Latn
io ido Ido | Constructed | Esperantic | Latn
is isl Icelandic | Indo-European | Germanic | Latn
kab kab Kabyle | Afro-Asiatic | Berber | Latn
kac kac Kachin | Sino-Tibetan | Brahmaputran | Latn
kam kam Kamba | Niger-Congo | Bantu | Latn
kbp kbp Kabiyè | Niger-Congo | Gur | Latn
kea kea Kabuverdianu | Creole | Portuguese-based | Latn
kg kon,kng Kongo | Niger-Congo | Bantu | Latn
ki kik Kikuyu | Niger-Congo | Bantu | Latn
km khm Khmer | Austro-Asiatic | Khmeric | Khmr
kmb kmb Kimbundu | Niger-Congo | Bantu | Latn
kn kan Kannada | Dravidian | South Dravidian | Knda
kr knc,kau Kanuri | Saharan | Western Saharan | Latn
kr_Arab knc,kau Kanuri (Arabic script) | Saharan | Western Saharan | Arab
ks kas Kashmiri | Indo-European | Indo-Aryan | Arab
ks_Deva kas Kashmiri (Devanagari script) | Indo-European | Indo-Aryan | Deva
ku kmr,kur Northern Kurdish | Indo-European | Iranian | Latn
ky kir Kyrgyz | Turkic | Kipchak | Cyrl
la lat Latin | Indo-European | Italic | Latn
lb ltz Luxembourgish | Indo-European | Germanic | Latn
lg lug Ganda | Niger-Congo | Bantu | Latn
li lim Limburgish | Indo-European | Germanic | Latn
lij lij Ligurian | Indo-European | Romance | Latn
lmo lmo Lombard | Indo-European | Romance | Latn
ln lin Lingala | Niger-Congo | Bantu | Latn
lo lao Lao | Kra-Dai | Tai | Laoo
ltg ltg Latgalian | Indo-European | Baltic | Latn
lua lua Luba-Lulua | Niger-Congo | Bantu | Latn
luo luo Luo | Nilotic | Western Nilotic | Latn
lus lus Mizo | Sino-Tibetan | Kuki-Chin | Latn
lv lvs,lav Latvian | Indo-European | Baltic | Latn
mad mad Madurese | Austronesian | Malayo-Sumbawan | Latn
mag mag Magahi | Indo-European | Indo-Aryan | Deva
mai mai Maithili | Indo-European | Indo-Aryan | Deva
mg plt,mlg Malagasy | Austronesian | Greater Barito | Latn
mi mri Māori | Austronesian | Oceanic | Latn
min min Minangkabau | Austronesian | Malayo-Sumbawan | Latn
min_Arab min Minangkabau (Arabic script) | Austronesian | Malayo-Sumbawan | Arab
mk mkd Macedonian | Indo-European | Slavic | Cyrl
mn khk,mon Mongolian | Mongolic-Khitan | Central Mongolic | Cyrl
mni mni Manipuri | Sino-Tibetan | Kuki-Chin | Beng
mos mos Mossi | Niger-Congo | Gur | Latn
mt mlt Maltese | Afro-Asiatic | Semitic | Latn
nah nah Nahuatl | Uto-Aztecan | Southern Uto-Aztecan | Latn
nb nob Norwegian Bokmål | Indo-European | Germanic | Latn
nds nds Low German | Indo-European | Germanic | Latn
ne npi,nep Nepali | Indo-European | Indo-Aryan | Deva
ne_Latn npi,nep Nepali (Latin script) | Indo-European | Indo-Aryan | Latn
new new Newari | Sino-Tibetan | Bodic | Deva
nij nij Ngaju | Austronesian | Greater Barito | Latn
nn nno Norwegian Nynorsk | Indo-European | Germanic | Latn
nqo nqo N'Ko | Mande | Western Mande | Nkoo
nso nso Northern Sotho | Niger-Congo | Bantu | Latn
nus nus Nuer | Nilotic | Western Nilotic | Latn
ny nya Nyanja | Niger-Congo | Bantu | Latn
oc oci Occitan | Indo-European | Romance | Latn
om gaz,orm Oromo | Afro-Asiatic | Cushitic | Latn
or ory,ori Odia | Indo-European | Indo-Aryan | Orya
oto oto Otomi | Otomanguean | Oto-Pamean | Latn
pag pag Pangasinan | Austronesian | Northern Luzon | Latn
pap pap Papiamento | Creole | Portuguese-based | Latn
pcm pcm Nigerian Pidgin | Creole | English-based | Latn
pms pms Piedmontese | Indo-European | Romance | Latn
pnb pnb Western Panjabi | Indo-European | Indo-Aryan | Arab
prs prs Dari | Indo-European | Iranian | Arab
ps pbt,pus Pashto | Indo-European | Iranian | Arab
rn run Rundi | Niger-Congo | Bantu | Latn
rw kin Kinyarwanda | Niger-Congo | Bantu | Latn
sa san Sanskrit | Indo-European | Indo-Aryan | Deva
sat sat Santali | Austro-Asiatic | Mundaic | Olck
sc srd Sardinian | Indo-European | Romance | Latn
scn scn Sicilian | Indo-European | Romance | Latn
sco sco Scots | Indo-European | Germanic | Latn
sd snd Sindhi | Indo-European | Indo-Aryan | Arab
sg sag Sango | Creole | Ngbandi-based | Latn
shn shn Shan | Kra-Dai | Tai | Mymr
shp shp Shipibo-Conibo | Pano-Tacanan | Panoan | Latn
si sin Sinhala | Indo-European | Indo-Aryan | Sinh
si_Latn sin Sinhala (Latin script) | Indo-European | Indo-Aryan | Latn
sk slk Slovak | Indo-European | Slavic | Latn
sl slv Slovenian | Indo-European | Slavic | Latn
sm smo Samoan | Austronesian | Oceanic | Latn
sn sna Shona | Niger-Congo | Bantu | Latn
so som Somali | Afro-Asiatic | Cushitic | Latn
sq als,sqi Albanian | Indo-European | Albanian | Latn
sr srp Serbian | Indo-European | Slavic | Cyrl
ss ssw Swati | Niger-Congo | Bantu | Latn
st sot Southern Sotho | Niger-Congo | Bantu | Latn
su sun Sundanese | Austronesian | Malayo-Sumbawan | Latn
sv swe Swedish | Indo-European | Germanic | Latn
szl szl Silesian | Indo-European | Slavic | Latn
ta_Latn tam Tamil (Latin script) | Dravidian | South Dravidian | Latn
taq taq Tamasheq | Afro-Asiatic | Berber | Latn
taq_Tfng taq Tamasheq (Tifinagh script) | Afro-Asiatic | Berber | Tfng
tar tar Central Tarahumara | Uto-Aztecan | Southern Uto-Aztecan | Latn
te_Latn tel Telugu (Latin script) | Dravidian | South-Central Dravidian | Latn
tg tgk Tajik | Indo-European | Iranian | Cyrl
ti tir Tigrinya | Afro-Asiatic | Semitic | Ethi
tk tuk Turkmen | Turkic | Oghuz | Latn
tn tsn Tswana | Niger-Congo | Bantu | Latn
tpi tpi Tok Pisin | Creole | English-based | Latn
ts tso Tsonga | Niger-Congo | Bantu | Latn
tt tat Tatar | Turkic | Kipchak | Cyrl
tum tum Tumbuka | Niger-Congo | Bantu | Latn
tw twi Twi | Niger-Congo | Kwa | Latn
tzm tzm Central Atlas Tamazight | Afro-Asiatic | Berber | Tfng
ug uig Uyghur | Turkic | Karluk | Arab
umb umb Umbundu | Niger-Congo | Bantu | Latn
ur_Latn urd Urdu (Latin script) | Indo-European | Indo-Aryan | Latn
uz uzn,uzb Uzbek | Turkic | Karluk | Latn
vai vai Vai | Mande | Western Mande | Vaii
vec vec Venetian | Indo-European | Romance | Latn
vo vol Volapük | Constructed | Volapük | Latn
war war Waray | Austronesian | Greater Central Philippine | Latn
xh xho Xhosa | Niger-Congo | Bantu | Latn
yi ydd,yid Yiddish | Indo-European | Germanic | Hebr
yue yue Cantonese | Sino-Tibetan | Sinitic | Hant
zh_Hant zho,cmn Mandarin (traditional script) | Sino-Tibetan | Sinitic | Hant
zu zul Zulu | Niger-Congo | Bantu | Latn
"""
