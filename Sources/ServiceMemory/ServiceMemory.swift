import PhiAccrual
