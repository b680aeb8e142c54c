"""Small files of our own in every layout, written where a test wants them."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path

import xlsxwriter

MERGED = """\
operator_key,registry,operator_id,activity_code,year,allocation_total,allocation_10a,\
allocation_ner,allocation_10c_or_3f,verified_emissions,verified_status,units_surrendered,\
surrendered_allowances,cumulative_surrendered_units,cumulative_verified,compliance_code
XA_1,XA,1,20,2019,130,100,30,,120,,120,120,120,120,A
XA_1,XA,1,20,2020,,,,,0,,,,120,Not Calculated,A*
XA_200,XA,200,10,2019,7,5,,2,,Excluded,,,,,-*
XB_1,XB,1,50,2019,,,,,,Not Reported,,,,,C
"""

COMPLIANCE = """\
installation_id,year,reportedInSystem_id,euetsPhase,compliance_id,allocatedFree,\
allocatedNewEntrance,allocatedTotal,allocated10c,verified,verifiedCummulative,verifiedUpdated,\
surrendered,surrenderedCummulative,balance,penalty
XA_1,2019,euets,2013-2020,A,100,,100,,90,90,False,90,90,,
XA_1,2020,euets,2013-2020,B,100,,100,,0,90,True,,90,,
XA_1,2030,euets,2021-2030,,,,,,,,,,,,
"""

INSTALLATION = """\
id,name,registry_id,activity_id,eprtrID,parentCompany,permitID,addressMain,addressSecondary,\
postalCode,city,country_id
XA_1,"Lime Works, North",XA,30,,,P-1,Kiln Road 1,,1000,Newtown,NA
"""

ACCOUNT = """\
id,tradingSystem_id,accountIDEutl,accountIDTransactions,name,registry_id,accountHolder_id,\
accountType_id,isOpen,openingDate,closingDate,commitmentPeriod,companyRegistrationNumber,\
installation_id
7,euets,90007,123456789012345,Lime account,XA,3.0,100-7,True,2013-02-01,,,R-1,XA_1
8,euets,90008,12,Old account,XA,3,120-0,False,2005-02-01,2012-11-30,,,
"""

HOLDER = """\
id,name,tradingSystem_id,addressMain,addressSecondary,postalCode,city,telephone1,eMail,\
legalEntityIdentifier,country_id
3,"Lime
Works",euets,Kiln Road 1,,1000,Newtown,,,,NA
"""

TRANSACTION = """\
id,transactionID,tradingSystem_id,date,transactionTypeMain_id,transactionTypeSupplementary_id,\
transferringAccount_id,acquiringAccount_id,unitType_id,project_id,amount
1,XA10,euets,2014-04-01 10:00:00.5,10,2,7.0,8.0,EUA_2013,,90
2,XA10,euets,2014-04-01 10:00:00.5,10,2,7.0,8.0,CER,17.0,10
"""

SURRENDER = """\
id,installation_id,year,reportedInSystem_id,unitType_id,amount,originatingRegistry_id,project_id
1,XA_1,2014,euets,EUA_2013,90,XA,
2,XA_1,2014,euets,CER,10,XC,17
"""

DAILY_ACCOUNTS = """\
ACCOUNT_IDENTIFIER,REGISTRY_CODE,REGISTRY_NAME,ACCOUNT_NAME,ACCOUNT_TYPE,ETS_ACCOUNT_TYPE,\
FULL_TYPE,OPEN_DATE,END_OF_VALIDITY_DATE,IS_CLOSURE_PENDING,SNAPSHOT_DATE
1,XA,Exland,Lime account,Holding Account,OHA,Operator,2013-02-01,9999-12-31,N,2026-01-02
2,XA,Exland,"Old, closed",Holding Account,,Former,2005-02-01,2012-11-30,Y,2026-01-02
"""

DAILY_OPERATORS = """\
REGISTRY_CODE,REGISTRY_NAME,INSTALLATION_IDENTIFIER,INSTALLATION_NAME,ACTIVITY_TYPE_CODE,\
PERMIT_IDENTIFIER,CITY,YEAR_OF_FIRST_EMISSIONS,YEAR_OF_LAST_EMISSIONS
XA,Exland,1,Lime Works,30,P-1,Newtown,2005,-1
XA,Exland,900,Ship Lines,50,P-2,Harbour,2024,
"""

DAILY_YEARLY = """\
REGISTRY_CODE,REGISTRY_NAME,INSTALLATION_IDENTIFIER,INSTALLATION_NAME,PERIOD_YEAR,\
VERIFIED_EMISSIONS,CH_VERIFIED_EMISSIONS,ALLOCATION,ALLOCATION_RES,ALLOCATION_TRA,CH_ALLOCATION,\
EXCLUDED,CH_EXCLUDED,SURR_EUA,SURR_EUAA,SURR_CHU,SURR_CHUA,SURR_CER,SURR_ALL
XA,Exland,1,Lime Works,2021,90,-1,100,20,-1,-1,N,N,80,-1,-1,-1,0,80
XA,Exland,1,Lime Works,2022,-1,-1,0,-1,-1,-1,Y,N,-1,-1,-1,-1,-1,-1
XA,Exland,200,Wings,2021,50,8,10,-1,-1,3,N,N,-1,50,-1,8,-1,58
"""

DAILY_TRANSACTIONS = """\
TRANSACTION_ID,TRANSACTION_TYPE,TRANSACTION_DATE,TRANSACTION_STATUS,UNIT_TYPE_DESCRIPTION,\
ORIGINATING_REGISTRY,PROJECT_IDENTIFIER,AMOUNT,TRANSFERRING_REGISTRY_NAME,\
TRANSFERRING_ACCOUNT_IDENTIFIER,ACQUIRING_REGISTRY_NAME,ACQUIRING_ACCOUNT_IDENTIFIER
XA10,10-2,2014-04-01 10:00:00,Completed,General allowances,Exland ,,90,Exland  ,1,Exland ,
"""

EEA = """\
version,country_code,main_activity_code,active_installation,citl_information,year,size,value,unit
v50,XA,20-99,3,2. Verified emissions,2019,All sizes,120,t
v50,XA,20-99,,2. Verified emissions,Total 1st trading period (05-07),All sizes,360.5,t
"""

EEA_OLDER = (
    "country\tcountry_code\tETS information\tmain activity sector name\tunit\tvalue\tyear\n"
    "Exland\tXA\t2. Verified emissions\t20 Combustion\tt\t120\t2019\n"
)

WIDE = """\
id,InstallationOrAircraftOperatorID,AccountHolderName,NationalAdministratorCode,AccountStatus,\
PermitOrPlanID,MainActivityTypeCode,FreeAllocations_2018,AllowanceInAllocation_2018,\
UnitsSurrendered_2018,CumulativeVerifiedEmissions_2018,VerifiedEmissions_2018,ComplianceCode_2018,\
FreeAllocations_2019,AllowanceInAllocation_2019,VerifiedEmissions_2019,ComplianceCode_2019
XA-1,1,Lime Works,XA,open,P-1,30,100,130,90,90,90,A*,7802,7802  120  *****,Not Reported,C
XA-200,200,Wings,XA,closed,P-2,10,NA,NA,NA,Not Calculated,Excluded,NA,NA,NA,0,-
"""

PACKAGE = """\
installation_id,year,allocated,allocated_ch,allocation_res,allocation_tra,verified,verified_ch,\
excluded,ch_excluded,surrendered,surrendered_eua,surrendered_chua
XA_1,2021,100,-1,20,-1,90,-1,False,False,80,80,
XA_200,2021,10,3,,,50,8,False,False,58,50,8
XA_9,2021,,,,,,,True,,,,
"""

SHOWN_ACCOUNTS = """\
Account Identifier,National Administrator,Account Type,Account Holder Name,Account Name,\
Company Registration No,Main Address Line,City,Legal Entity Identifier
7,Austria,Operator Holding Account,Lime Ltd,Lime account,R-1,Kiln Road 1,Newtown,-
8,Exland,Trading Account,Trade Ltd,-,-,-,-,-

"Applied filters:
National Administrator is not (Blank)"
"""

# Text layouts by name, each with how many rows its first table has.
TEXTS = {
    "merged": (MERGED, 4),
    "euets-info/compliance": (COMPLIANCE, 3),
    "euets-info/installation": (INSTALLATION, 1),
    "euets-info/account": (ACCOUNT, 2),
    "euets-info/account_holder": (HOLDER, 1),
    "euets-info/transaction": (TRANSACTION, 2),
    "euets-info/surrender": (SURRENDER, 2),
    "daily/accounts": (DAILY_ACCOUNTS, 2),
    "daily/operators": (DAILY_OPERATORS, 2),
    "daily/operators_yearly_activity": (DAILY_YEARLY, 4),
    "daily/transactions": (DAILY_TRANSACTIONS, 1),
    "daily/accounts-shown": (SHOWN_ACCOUNTS, 2),
    "euets-info/package-compliance": (PACKAGE, 4),
    "eea/database": (EEA, 2),
    "eea/older": (EEA_OLDER, 1),
    "eea/older-points": (
        EEA_OLDER.replace("ETS information", "ETS.information").replace(
            "main activity sector name", "main.activity.sector.name"
        ),
        1,
    ),
    "eutl/wide": (WIDE, 4),
}

EMISSIONS_ROWS: list[Sequence[object]] = [
    ("Date of Extraction", "1 April 2020"),
    (),
    ("INFO", " -1 = blank"),
    (
        "REGISTRY_CODE", "IDENTIFIER_IN_REG", "INSTALLATION_NAME", "INSTALLATION_IDENTIFIER",
        "PERMIT_IDENTIFIER", "MAIN_ACTIVITY_TYPE_CODE", "ALLOCATION_2019",
        "ALLOCATION_RESERVE_2019", "ALLOCATION_TRANSITIONAL_2019", "VERIFIED_EMISSIONS_2019",
        "ALLOCATION_2012", "VERIFIED_EMISSIONS_2012", "ACCOUNT_CLOSURE",
    ),
    ("XA", "Lime Ltd", "Lime Works", 1, "P-1", 30, 100, 20, 5, 90, 80, 0, "OPEN"),
    ("XA", "Wings", 13030, 200, "P-2", 10, -1, -1, -1, "Excluded", 0, -1, "2014-08-29"),
    ("XB", "Star Ltd", "Star Works", 1, 77, 20, "7802  120  *****  9  ****", -1, -1, -1, -1, -1,
     "OPEN"),
]  # fmt: skip

COMPLIANCE_ROWS: list[Sequence[object]] = [
    (),
    (
        "REGISTRY_CODE", "INSTALLATION_NAME", "INSTALLATION_IDENTIFIER", "PERMIT_IDENTIFIER",
        "MAIN_ACTIVITY_TYPE_CODE", "COMPLIANCE_CODE", "CH_COMPLIANCE_CODE",
        "COMPLIANCE_STATUS_LATEST_YEAR", "TOTAL_VERIFIED_EMISSIONS",
        "CH_TOTAL_VERIFIED_EMISSIONS", "TOTAL_SURRENDERED_ALLOWANCES",
        "YEAR_OF_FIRST_EMISSIONS", "YEAR_OF_LAST_EMISSIONS", "ACCOUNT_CLOSURE",
    ),
    ("XA", "Lime Works", 1, "P-1", 30, "A", "NOT APPLICABLE", "A", 90, "", 90, 2005, "NOT SET",
     "OPEN"),
    ("XA", "Old Works", 2, "P-2", 20, "EXCLUDED SINCE 2021", "", "-", "NOT CALCULATED", "", 0, 2005,
     2019, "03-Mar-2020"),
]  # fmt: skip

INSTALLATION_ROWS: list[Sequence[object]] = [
    ("Stationary installations",),
    ("Account Holder Name", "Company Registration Nr of Account Holder", "MS Registry",
     "Installation ID", "Installation Name", "Activity Type", "Permit ID", "Permit Status",
     "Contact Country", "Contact City"),
    ("Lime Ltd", "R-1", "XA", 1, "Lime Works", "30-Production of lime", "P-1", "Active", "XA",
     "Newtown"),
]  # fmt: skip

WORKBOOKS = {
    "commission/verified_emissions": (EMISSIONS_ROWS, 6),
    "commission/compliance": (COMPLIANCE_ROWS, 2),
    "commission/installations": (INSTALLATION_ROWS, 1),
}

OPERATORS_XML = """<?xml version="1.0" encoding="UTF-8"?>
<ohaDetails>
 <Account>
  <AccountHolderName>Lime Ltd</AccountHolderName>
  <NationalAdministratorCode>XA</NationalAdministratorCode><AccountStatus>open</AccountStatus>
  <RelatedPerson><Name>Lime Ltd</Name></RelatedPerson>
  <Installation>
   <InstallationOrAircraftOperatorID>1</InstallationOrAircraftOperatorID>
   <MainActivityTypeCode>30</MainActivityTypeCode>
   <Compliance><Year>2018</Year><FreeAllocations>100</FreeAllocations>
    <ReserveAllocations>20</ReserveAllocations><TrasitionalAllocations>5</TrasitionalAllocations>
    <AllowanceInAllocation>125</AllowanceInAllocation>
    <VerifiedEmissions>90</VerifiedEmissions><UnitsSurrendered>90</UnitsSurrendered>
    <ComplianceCode>A*</ComplianceCode></Compliance>
   <Compliance><Year>2019</Year><AllowanceInAllocation>7802  120  *****</AllowanceInAllocation>
    <VerifiedEmissions>Not Reported</VerifiedEmissions></Compliance>
  </Installation>
 </Account>
</ohaDetails>
"""

TRANSACTIONS_XML = """<TransactionDetailsAll>
 <Transaction><TransactionID>XA10</TransactionID><TransactionType>10</TransactionType>
  <SuppTransactionTypeCode>2</SuppTransactionTypeCode>
  <TransactionDate>2014-12-31 12:04:34.307</TransactionDate>
  <AcquiringRegistry>XB</AcquiringRegistry><AcquiringRegistry>Wyland</AcquiringRegistry>
  <Block><OriginatingRegistry>XA</OriginatingRegistry><NumberOfUnits>90</NumberOfUnits>
   <UnitTypeCode>3</UnitTypeCode></Block>
  <Block><OriginatingRegistry>XC</OriginatingRegistry><NumberOfUnits>10</NumberOfUnits>
   <UnitTypeCode>5</UnitTypeCode></Block>
 </Transaction>
</TransactionDetailsAll>
"""

ACCOUNTS_XML = """<AccountDetails>
 <Account><NationalAdministrator>XA</NationalAdministrator><AccountType>100-7</AccountType>
  <AccountHolderName>Lime Ltd</AccountHolderName><AccountStatus>closed</AccountStatus>
  <AccountOpeningDate>2005-02-01</AccountOpeningDate>
  <AccountClosingDate>2012-11-30</AccountClosingDate>
  <RelatedInstallationAircraftOperatorID>1</RelatedInstallationAircraftOperatorID></Account>
</AccountDetails>
"""

XMLS = {
    "eutl/operators": OPERATORS_XML,
    "eutl/transactions": TRANSACTIONS_XML,
    "eutl/accounts": ACCOUNTS_XML,
}


def text_file(folder: Path, text: str | bytes, name: str = "file.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def workbook_file(folder: Path, rows: Sequence[Sequence[object]], name: str = "file.xlsx") -> Path:
    """A workbook with a cover sheet before the one that holds the rows."""
    path = folder / name
    with xlsxwriter.Workbook(str(path)) as book:
        book.add_worksheet("cover").write_string(0, 0, "nothing here")
        sheet = book.add_worksheet("data")
        for index, row in enumerate(rows):
            sheet.write_row(index, 0, row)
    return path


def zip_file(folder: Path, members: dict[str, bytes | str], name: str = "file.zip") -> Path:
    path = folder / name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    return path
