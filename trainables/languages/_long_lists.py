"""The long lists of pre-training languages, in the table's codes where it has a row, else in ISO 639-3.

mmBERT (Marone et al., 2025): ``statistics/language_counts.csv`` of JHU-CLSP/mmBERT (MIT), 1,833 languages. It names no scripts: a language
is listed in its usual script, Chinese in both. It has no row for Hausa and Dari.

Glot500 (Imani et al., ACL 2023): ``miscellaneous/languages_stats.csv`` of cisnlp/Glot500 (Apache-2.0), the languages and scripts of its
corpus Glot500-c.
"""

MMBERT_CODES = """
aai aak aau aaz aba abi abk abn abq abs abt abx aby abz aca acd ace acf ach acm acn acr acu ada ade adh adi adj adl ady adz aeb aer aeu aey
af agd agg agm agn agr agt agu agw agx aha ahk aia aii aim ain ajg aji ajz akb ake akh akp ald alj aln alp alq alt aly alz am ame amf ami
amk amm amn amp amr amu amx an ang anm ann anp anv any aoi aoj aom aoz apb apc ape apn apr apt apu apw apy apz ar are arl arn arp arq ars
ary arz as asg aso ast ata atb atd atg ati atj atq att auc aui auy ava avk avn avt avu awa awb awi awx ay ayo ayp az azb azg azz ba ban bao
bar bas bav bba bbb bbc bbj bbk bbr bch bci bcl bco bcw bdd bdh bdq be bea bef bem beq bew bex bfd bfo bg bgr bgs bgt bgz bhg bhl bho bhp
bhw bhz bib big bim bin bis biu biv bjn bjp bjr bjv bkd bkl bkq bku bkv bla blh blk blt blw blz bm bmh bmk bmq bmr bmu bmv bn bnj bno bnp bo
boa boj bom bon bov box bpr bps bpy bqc bqj bqp br brh bru brx bs bsc bsn bsp bsq bss btd bth bts btt btx bud bug buk bum bus bvc bvd bvr
bvz bwd bwi bwq bwu bxh bxr byr byv byx bzd bzh bzi bzj ca caa cab cac caf cag cak cao cap caq car cas cav cax cbc cbi cbk cbr cbs cbt cbu
cbv cce cco ccp cdf ce ceb ceg cek cfm cgc cgg cha chd chf chj chk cho chq chr chu chw chz cjk cjo cjp cjs cjv ckb cko ckt cle clu cly cme
cmo cmr cnh cni cnk cnl cnt cnw co coe cof cok con cop cor cot cou cpa cpb cpc cpu cpy crh cri crj crk crl crm crn crs crt crx cs csb csk
cso csw csy cta ctd cto ctp ctu cub cuc cui cuk cul cut cux cv cwe cwt cy cya czt da daa dad daf dag dah dak dar dbq ddg ddn de ded des dga
dgc dgi dgr dgz dhg dhm dhv did dig dik dip diq dis diu div dje djk djr dks dln dng dnj dnw dob doi dop dos dow drg dru dsb dsh dtb dtp dts
dty dua due dug duo dur dwr dww dyi dyo dyu dz ebk ee efi eka eko el emi eml emp en enb enl enm enq enx eo eri es ese esi esk ess esu et eto
etr etu eu eve ewo ext eza fa faa fad fai fal fan far fat ffm fi fit fj fkv fmu fo fon for fr frd fro frp frr fub fud fue fuf fuh fuq fur
fuv fy ga gaa gag gah gai gam gaw gbi gbo gbr gcf gcr gd gde gdg gdn gdr geb gej gfk ghs gil giz gjn gkn gl glk glv gmh gmv gn gna gnb gnd
gng gnn gnw goa gof gog goh gom gor gos got gqr grc grt gso gsw gu gub guc gud guh gui guk gul gum gun guo guq gur guu guw gux guz gvc gvf
gvl gvn gwi gwr gya gym gyr hac hae hag hak hav haw hay hbo hch he heg heh her hi hif hig hil hix hla hlt hmo hmr hne hnj hnn hns hoc hop
hot hr hra hrx hsb ht hto hu hub hui hus huu huv hvn hwc hy hyw ian iba ibg icr id idu ifa ifb ife ifk ifu ify ig ige ign ike ikk ikt ikw
ilb ile ilo imo ina inb inh ino io iou ipi iqw iri irk iry is isd ish iso it itv ium ivb ivv iws ixl izr izz ja jaa jac jae jam jbo jbu jic
jiv jmc jra jun jv jvn ka kaa kab kac kak kal kam kao kaq kbc kbd kbh kbm kbo kbp kbq kbr kby kca kcg kck kdc kde kdh kdi kdj kdl kdr kea
kei kek ken keo ker kew kex kez kff kg kgf kgk kgp kgr kha khq khs khy khz ki kia kij kiu kix kjb kje kjh kjs kk kkc kki kkj kkl kle klt klv
km kmb kmd kmg kmh kmk kmm kmo kms kmu kmy kn kne knf knj knk kno knv knx kny ko kog koi koo kos kpe kpf kpg kpj kpq kpr kpv kpw kpx kpz kqc
kqe kqf kql kqn kqo kqp kqs kqw kqy kr krc kri krj krl kru krx ks ksb ksc ksd ksf ksh ksj ksp ksr kss ksw ktb ktj ktm kto ktu ktz ku kua kub
kud kue kuj kum kup kus kvg kvj kvn kwd kwf kwi kwj kwn kwy kxc kxm kxw ky kyc kyf kyg kyq kyu kyz kze kzf kzj kzn la lac lad lai laj lam
lap law lb lbb lbe lbj lbk lcm lcp ldi ldn lea led lee lef leh lem leu lew lex lez lfn lg lgg lgl lgm lhi lhu li lia lid lif lij lip lis liv
ljp lki llb lld llg lln lmk lmo lmp ln lnd lo lob loe log lol lom loq loz lrc lsi lsm lt ltg lua lub luc lud lue lun luo lus lv lwg lwo lww
lzh maa mad maf mag mah mai maj mak mam maq mas mau mav maw max maz mbb mbc mbd mbf mbh mbi mbj mbl mbs mbt mca mcb mcd mcf mck mcn mco mcp
mcq mcu mda mdf mdy med mee mej mek men meq mer met meu mev mfe mfg mfh mfi mfk mfq mfy mfz mg mgc mgh mgm mgo mgr mhi mhl mhr mhw mhx mhy
mi mib mic mie mif mig mih mil mim min mio mip miq mir mit miy miz mjc mjw mk mkl mkn mks mkz ml mlh mlp mlu mmn mmo mmx mn mna mnb mnf mni
mnk mns mnw mnx mny moa moc mog moh mop mor mos mox mpg mph mpm mpp mps mpt mpx mqb mqj mqy mr mrg mrj mrq mrv mrw ms msb msc mse msk msy mt
mta mtg mti mtj mto mtp mua mug muh mui mup mur mus mux muy mva mvn mvp mwc mwl mwm mwn mwp mwq mwv mww mxb mxp mxq mxt mxv my myb myk myu
myv myw myx myy mza mzh mzk mzl mzm mzn mzw mzz nab naf nah nak nap naq nas nav naw nb nba nbc nbe nbl nbq nbu nca nch ncj ncl ncq nct ncu
ncx ndc nde ndh ndi ndj ndo nds ndz ne neb new nfa nfr ngb ngc ngl ngp ngu nhd nhe nhg nhi nhk nho nhr nhu nhw nhx nhy nia nif nii nij nim
nin nio niq niu niy njb njm njn njo njz nkf nki nko nl nla nlc nlg nma nmf nmo nmw nmz nn nnb nng nnh nnl nnp nnq nnw noa nod nog non nop
not nou nov nph npl npo npy nqo nre nrf nri nrm nsa nse nsm nsn nso nss nst nsu ntp ntr ntu nuj nus nuy nuz nwb nwi nwx nxd ny nyf nyk nyn
nyo nyu nyy nzi nzm obo oc ogo ojb oke okv old olo om omb omw ong ons ood opm or orv oss ota otd ote otm otn oto otq ots otw oym ozm pa pab
pad pag pah pam pao pap pau pbb pbc pbi pcd pck pcm pdc pdt pem pfe pfl phm pib pio pir pis pjt pkb pl plg pls plu plw pma pmf pmq pms pmx
pnb pne pnt pny poe poh poi pon pos pot pov poy ppk ppo pps prf prg pri prq ps pse pss pt ptp ptu pui pwg pwn pww pxm qu qub quc quf qug quh
qul qup qus quw quz qva qvc qve qvh qvi qvm qvn qvo qvs qvw qvz qwh qxh qxl qxn qxo qxr rad rai rap rar rav raw rcf rej rel rgu rhg ria rim
rjs rkb rmc rme rml rmn rmo rmq rmy rn rnd rng rnl ro roh roo rop row rro rtm ru rub rue ruf rug rup rw rwo sa sab sah saj sas sat sba sbd
sbe sbl sbs sby sc sck scn sco sd sda sdc sdh sdo sdq seh ses sey sfw sg sgb sgc sgh sgs sgw sgz shi shk shn shp shu si sid sig sil sim sja
sjo sju sk skg skr sl sld sll sm sma sme smj smk sml smn sms smt sn snc snf snn snp snw sny so soe sop soq soy spl spm spp sps spy sq sr sri
srm srn srq srr ss ssd ssg ssx st stn stp stq su sua suc sue suk sur sus suz sv sw swb swc swg swk swp sxb sxn syb syc syl szb szl szy ta
tab tac tah taj tap taq tar tav taw tay tbc tbg tbk tbl tbo tby tbz tca tcc tcf tcs tcy tcz tdx te ted tee tem teo ter tet tew tfr tg tgo
tgp th thk thl ti tif tig tih tik tim tiv tiy tk tke tkl tkr tku tl tlb tlf tlh tlj tll tly tmc tmd tn tna tnc tnk tnn tnp tnr tob toc tod
tog toh toi toj tok ton too top tos tpa tpi tpm tpp tpt tpw tpz tqo tr trc trn tro trp trq trs trv ts tsc tsg tsw tsz tt ttc tte ttj ttq tuc
tue tuf tui tul tum tuo tuv tvk tvl tw twb twu twx txq txu tyv tzh tzj tzl tzm tzo ubr ubu udm udu ug uk umb upv ur ura urb urh uri urk urt
urw ury usa usp uth uvh uvl uz uzs vag vap var vec ven vep vi vid viv vls vmk vmw vmy vo vot vro vun vut waj wal wap war wat way wba wbm wbp
wed wer wes wew whg whk wib wim wiu wln wls wlv wlx wmt wmw wnc wnu wo wob wos wrk wrs wsg wsk wuu wuv wwa xal xav xbi xbr xed xh xla xmf
xmm xmv xnn xog xon xrb xsb xsi xsm xsr xsu xtd xtm xtn xuo yaa yad yal yam yan yao yap yaq yas ybb yby ycn yi yim yka yle yli yml yo yom
yon yrb yre yrk yrl yss yua yue yuj yup yut yuw yuz yva zaa zab zac zad zae zai zam zao zar zas zat zav zaw zca zdj zea zgh zh zh_Hant zia
ziw zne zom zos zpa zpc zpg zpi zpj zpl zpm zpo zpq zpt zpu zpv zpz zsr ztq zty zu zyb zyp
"""

GLOT500_CODES = """
aak aba abk abn abv abz ace acf ach acm acr acx ada aeb af afb agw aha ahk ajg ajp ak aln alt alz am am_Latn ame ami an ang anw aoj aom apc
apd ar ar_Latn arn arq ary arz as as_Latn ast ata ati ava ay az az_Arab azb ba ba_Latn ban bar bas bba bbc bbj bci bcl be be_Latn bem ber
bew bg bg_Latn bhw bih bik bim bin bis bjn bm bn bn_Latn bo bo_Latn bpy bqc br bs bsb btg bts btx bug bum bxr bzj ca cab cac cak caq cbc cbk
cce cdo ce ceb ceb_Hani cfm cgg chk chk_Hani chw cjk ckb cmi cnh co cok cop cor crh crh_Cyrl crn crs cs csb csy ctd cto ctu cuk cv cv_Latn
cy czt da de dga dhv dik diq div div_Latn djk dln dnj dsb dtp dty dua dyu dz ee efi el el_Latn eml en enm enx eo es ese et eu ext fa fan fat
fi fil fj fo fon fr frp frr ful fur fuv fy ga gaa gag gan gcf gcr gd gil giz gkn gkp gl glk glv gn gom gom_Deva gor grc gsw gu gu_Deva
gu_Latn gub guc gui gur guw gxx gya gym ha ha_Arab hak haw hbo hbs hbs_Cyrl he he_Latn her hi hi_Latn hif hil hmn hmo hne hnj hr hra hrx hsb
ht hu hui hus hwc hy hy_Latn hyw hyw_Armn iba ibg id idu ifa ifb ify ig ige ign ike ikk iku ile ilo ina io is ish iso it ium ixl izz ja
ja_Latn jac jam jbo jiv jv ka ka_Latn kaa kaa_Latn kab kac kal kam kbd kbp kck kde kea kek kg ki kia kjb kjh kk kk_Latn km km_Latn kmb kmm
kn kn_Latn knv ko koi koi_Cyrl kom kom_Cyrl koo kos kpg kqn krc kri ksd ksh kss ksw ktu ku ku_Arab ku_Cyrl kua kwn kwy ky ky_Latn kyg la lad
lam lb lb_Arab ldi leh lez lfn lg lhu li lij lir llb lmo ln lnd lo lo_Latn loz lt lua lub lue lun luo lus lv lzh maa mad mag mah mai mam mau
mav mbb mck mcn mco mcp mdy meu mfe mg mgh mgr mhr mi min miq mk mk_Latn ml ml_Latn mn mn_Latn mna mny mos mps mr mr_Latn mrj mrj_Latn mrw
ms mt mwl mwm mwn mxv my myv mzh mzn mzn_Latn nah nan nap naq nau nav nb nba nbl nch ncj ncx ndc nde ndo nds ne new ngl ngu nia niu nl nmf
nn nnb nrm nse nso nus ny nyk nyn nyu nyy nzi oc ogo oke om or or_Latn oss ote pa pa_Latn pag pam pap pau pcd pcm pdc pdt pfl phm pis pl pls
pms pnb poe poh poi pon pov prk prs ps ps_Latn pt pxm qu qub quc qug quh quw quz qvi qvw rap rar rmn rmn_Cyrl rmn_Latn rmy rmy_Cyrl rn rnd
rng ro roh rop ru ru_Latn rue rug rup rw sa sa_Latn sah sat sat_Latn sba sc scn sco sd seh sg sgs shn si si_Latn sid sk skg sl sm sme sn so
so_Arab sop sq sr sr_Latn srm srn ss st stq su suk suz sv sw swc sxn szl ta ta_Latn tah taq tar tbg tbz tca tcf tcy tdt tdx te teo tg
tg_Arab tg_Latn th th_Latn ti tih tiv tk tk_Cyrl tl tlh tll tls tn tob toc tog toh toi toj tok ton top tpi tpm tqb tr ts tsc tsz tt tt_Latn
ttj tuc tui tum tuo tvl tw twx tyv tzh tzo ubu udm udm_Cyrl ug ug_Latn uk uk_Latn umb ur ur_Latn urh uz uz_Cyrl vec ven vep vi vls vmw vo
vro wal wap war wbm wes wln wls wlx wo wuu wuu_Latn xav xh xmf xmf_Geor xmv xsm yan yao yap yi yo yom yua yue zai zea zh zh_Hant zlm zne zom
zpa zu
"""
